package sim

import (
	"log/slog"
	"time"
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

	// Emit says where mirror packets go.
	Emit EmitMode
	// Memory receives each outer IP packet, fragments one by one, in
	// EmitMemory (and in EmitAuto without the right to a raw socket). It is
	// called from one goroutine at a time and owns the slice it is given.
	Memory func(packet []byte)
	// Stock leaves VSPAN out: reconfiguring the switch succeeds and nothing is
	// stored, as plain vcsim does.
	Stock bool
	// MTU of the path from the hosts to the destinations, 576..65535 bytes,
	// default 1500. Larger outer packets leave as IP fragments.
	MTU int
	// Interval is the pace of the traffic: one step of every conversation each
	// interval. Default 10 ms, at which every powered-on virtual machine sends
	// and receives within 200 ms.
	Interval time.Duration
	// Log receives what the simulator does. Nil discards it.
	Log *slog.Logger
}
