package sim

import (
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/vcenter/sim/selfsigned"
)

// EmitMode says where mirror packets go.
type EmitMode int

const (
	// EmitAuto uses a raw socket where the process may open one, and otherwise
	// Options.Memory if it is set. With neither, packets are counted only.
	EmitAuto EmitMode = iota
	// EmitSocket needs a raw socket (CAP_NET_RAW); New fails without it.
	EmitSocket
	// EmitMemory hands every packet to Options.Memory.
	EmitMemory
	// EmitOff mirrors nothing.
	EmitOff
)

// Options configure a Simulator. The zero value is a usable one: two hosts,
// four virtual machines, seed 0, on a port of the system's choice.
type Options struct {
	// Listen is the vCenter endpoint, a loopback host:port. Empty means
	// 127.0.0.1:0; port 0 takes a free port.
	Listen string
	// Control is where the control API listens, a loopback host:port. Empty
	// means no control API.
	Control string
	// AllowRemote lets Listen and Control be addresses other than loopback.
	AllowRemote bool

	// Hosts is the number of hosts, 1..99, default 2. Host N is called esx-0N
	// and sends mirror packets from 127.1.0.N.
	Hosts int
	// HostAddresses are the vmkernel addresses of the first hosts, instead of
	// 127.1.0.N: the addresses of other senders, where packets come from
	// elsewhere and the simulator only has to know of them. IPv4, each once, no
	// more of them than hosts.
	HostAddresses []netip.Addr
	// VMs is the number of virtual machines, 2..999, default 4.
	VMs int
	// Seed makes the traffic reproducible: the same seed and the same
	// inventory give the same sequence of frames.
	Seed int64

	// Username and Password of the administrator, default "user" and "pass".
	// Anything else is answered with InvalidLogin.
	Username, Password string
	// ReadOnlyUsername may look but not touch: mutating calls give
	// NoPermission. Default "reader", with ReadOnlyPassword "pass".
	ReadOnlyUsername, ReadOnlyPassword string
	// MirrorUsername has the least that mirroring takes: everything may be
	// read, and the sessions of switches changed (DVSwitch.Vspan). Default
	// "vspan", with MirrorPassword "pass".
	MirrorUsername, MirrorPassword string
	// CertificateLife is how long the server's certificate is valid from now;
	// default 90 days.
	CertificateLife time.Duration

	// Emit says where mirror packets go.
	Emit EmitMode
	// Memory receives each outer IP packet, fragments one by one, in
	// EmitMemory (and in EmitAuto without the right to a raw socket). It is
	// called once at a time, by the step of traffic and by Deliver, may keep the
	// slice it is given but not change it, and must not call the Simulator.
	Memory func(packet []byte)
	// TUN is the name of a TUN device to make, through which this machine reaches
	// the guests: they answer what is sent to their addresses, 10.10.0.0/16 and
	// fd00:10:10::/96, see Deliver. It takes CAP_NET_ADMIN, and is gone when Run
	// ends or the process does. Empty means that only Deliver reaches them.
	TUN string
	// Stock leaves VSPAN out: reconfiguring the switch succeeds and nothing is
	// stored, as plain vcsim does.
	Stock bool
	// EditMerges makes an edit keep every optional field it leaves unset. By
	// default an edit replaces the session. Which of the two a real vCenter
	// does is not documented, so a client has to survive both.
	EditMerges bool
	// MTU of the path from the hosts to the destinations, 576..65535 bytes,
	// default 1500. Larger outer packets leave as IP fragments.
	MTU int
	// Interval is the pace of the traffic: one step of every conversation each
	// interval. Default 20 ms, at which every powered-on virtual machine sends
	// and receives within 200 ms.
	Interval time.Duration
	// Log receives what the simulator does. Nil discards it.
	Log *slog.Logger
}

const (
	defaultListen   = "127.0.0.1:0"
	defaultInterval = 20 * time.Millisecond
	defaultMTU      = 1500
	maxHosts        = 99
	maxVMs          = 999
)

// complete fills in the defaults and refuses what cannot be.
func (o Options) complete() (Options, error) {
	text := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	text(&o.Listen, defaultListen)
	text(&o.Username, "user")
	text(&o.Password, "pass")
	text(&o.ReadOnlyUsername, "reader")
	text(&o.ReadOnlyPassword, "pass")
	text(&o.MirrorUsername, "vspan")
	text(&o.MirrorPassword, "pass")
	number := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	number(&o.Hosts, 2)
	number(&o.VMs, 4)
	number(&o.MTU, defaultMTU)
	if o.CertificateLife == 0 {
		o.CertificateLife = selfsigned.Life
	}
	if o.Interval == 0 {
		o.Interval = defaultInterval
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, o.check()
}

// check refuses options that are out of range.
func (o Options) check() error {
	switch {
	case o.Hosts < 1 || o.Hosts > maxHosts:
		return fmt.Errorf("simulator: hosts is %d, want 1..%d", o.Hosts, maxHosts)
	case o.VMs < 2 || o.VMs > maxVMs:
		return fmt.Errorf("simulator: vms is %d, want 2..%d", o.VMs, maxVMs)
	case o.MTU < 576 || o.MTU > 65535:
		return fmt.Errorf("simulator: mtu is %d, want 576..65535", o.MTU)
	case o.Interval < time.Millisecond || o.Interval > time.Minute:
		return fmt.Errorf("simulator: interval is %v, want 1ms..1m", o.Interval)
	case o.Emit < EmitAuto || o.Emit > EmitOff:
		return fmt.Errorf("simulator: emit mode %d is unknown", o.Emit)
	case o.Emit == EmitMemory && o.Memory == nil:
		return fmt.Errorf("simulator: emitting to memory needs Options.Memory")
	case o.Username == o.ReadOnlyUsername:
		return fmt.Errorf("simulator: user %q cannot be both administrator and read-only", o.Username)
	case o.MirrorUsername == o.Username || o.MirrorUsername == o.ReadOnlyUsername:
		return fmt.Errorf("simulator: user %q cannot be both the one that mirrors and another", o.MirrorUsername)
	}
	if err := o.checkHostAddresses(); err != nil {
		return err
	}
	if err := o.checkListen("listen", o.Listen); err != nil {
		return err
	}
	if o.Control == "" {
		return nil
	}
	return o.checkListen("control", o.Control)
}

// checkHostAddresses refuses what cannot be the address of one host each.
func (o Options) checkHostAddresses() error {
	if len(o.HostAddresses) > o.Hosts {
		return fmt.Errorf("simulator: %d host addresses for %d hosts", len(o.HostAddresses), o.Hosts)
	}
	seen := make(map[netip.Addr]bool)
	for n := range o.Hosts {
		address := o.hostAddress(n + 1)
		if !address.Is4() || address.IsUnspecified() || address.IsMulticast() {
			return fmt.Errorf("simulator: host address %q is not an IPv4 address that a host can have", address)
		}
		if seen[address] {
			return fmt.Errorf("simulator: two hosts cannot both have the address %q", address)
		}
		seen[address] = true
	}
	return nil
}

// hostAddress is the vmkernel address of host number 1..Hosts.
func (o Options) hostAddress(number int) netip.Addr {
	if number <= len(o.HostAddresses) {
		return o.HostAddresses[number-1]
	}
	return netip.AddrFrom4([4]byte{127, 1, 0, byte(number)})
}

// checkListen refuses addresses other machines could reach: the simulator has
// a well-known password and its control API has none.
func (o Options) checkListen(name, address string) error {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("simulator: %s address %q is not an IP address and port: %w", name, address, err)
	}
	if !parsed.Addr().IsLoopback() && !o.AllowRemote {
		return fmt.Errorf("simulator: %s address %q is not a loopback address", name, address)
	}
	return nil
}
