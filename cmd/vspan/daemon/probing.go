package daemon

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/probe"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store"
)

// probing proves that sessions deliver by sending something to be mirrored: on request, and by policy when one has been idle for long.
type probing struct {
	config     Probe
	prober     *probe.Prober
	board      *store.Board
	reconciler *reconcile.Reconciler
	history    *history
	reception  *reception
	counting   *counting
	guests     map[string]readGuests // by vCenter
	limits     probeLimits
	now        func() time.Time

	mu     sync.Mutex
	newest map[string]map[string]mirror.Probed // by UID, then by port key
	due    map[string]time.Time                // when policy looks at a session again, by UID
	told   map[string]mirror.ProbeResult       // what policy told of a session last, by UID
	tasks  sync.WaitGroup                      // probes by policy
}

// readGuests is vcenter.Client.Guests.
type readGuests func(ctx context.Context, vms []string) (map[string]mirror.Guest, error)

func (d *Daemon) newProbing(st *state, board *store.Board, r *reconcile.Reconciler) *probing {
	p := &probing{
		config: d.config.Probe, board: board, reconciler: r, history: st.history, reception: d.reception, counting: d.counting,
		guests: make(map[string]readGuests), now: d.config.now(),
		newest: make(map[string]map[string]mirror.Probed), due: make(map[string]time.Time), told: make(map[string]mirror.ProbeResult),
	}
	for name, client := range d.clients {
		p.guests[name] = client.Guests
	}
	options := probe.Options{Broker: d.reception.broker, Network: d.config.Probe.Network, Dropped: func() uint64 { return d.reception.counters().KernelDrops }}
	if options.Network == nil {
		options.Network = probe.Live{}
	}
	if d.config.Receiver.Mode == ModeXDP {
		options.Settle = time.Second // until frames come up from the kernel again: see kernelcount.Every
	}
	p.prober = probe.New(options)
	return p
}

// Verify implements api.Verifier.
func (p *probing) Verify(ctx context.Context, s mirror.Session, how api.Verification) (api.Verified, error) {
	if h := p.reception.health(); !h.Up {
		return api.Verified{}, mirror.Faultf(mirror.ReceiverDown, "the receiver", "is down: %s", h.Reason)
	}
	leave, soon := p.limits.enter(s.UID, p.now(), mostProbes)
	if soon != nil {
		return api.Verified{}, soon
	}
	defer leave()
	began := p.now()
	var v api.Verified
	var err error
	if how.Toggle {
		v, err = p.toggle(ctx, s, how)
	} else {
		v.Sources, err = p.ask(ctx, s, how, false)
		v.Result, v.Message = probe.Worst(v.Sources), inOne(v.Sources)
	}
	if err != nil {
		return v, err
	}
	v.Began, v.Took = began, p.now().Sub(began)
	p.tell(s, anybody, v)
	return v, nil
}

// anybody is who asks by the API, as long as there are no rights and so no names.
const anybody = "anonymous"

// tell writes into the history that a session was verified, and what came of it.
func (p *probing) tell(s mirror.Session, who string, v api.Verified) {
	text := fmt.Sprintf("%s: %s", v.Result, v.Message)
	if v.Toggle != nil {
		text = fmt.Sprintf("interrupted for %s to see whether it stops: %s", v.Toggle.Disabled.Round(time.Millisecond), text)
	}
	p.history.tell(mirror.Event{
		At: p.now(), UID: s.UID, Session: s.Name, Kind: mirror.ProbedEvent, Failure: v.Result == mirror.ProbeMissing, Who: who,
		Switch: p.board.Status(s.UID).Placement.SwitchName, Text: text,
	})
}

// ask probes the sources of a session and remembers what came of it, unless it is disabled at the time.
func (p *probing) ask(ctx context.Context, s mirror.Session, how api.Verification, paused bool) ([]mirror.Probed, error) {
	placement := p.board.Status(s.UID).Placement
	method, err := probe.ParseMethod(how.Method)
	if err != nil {
		return nil, err
	}
	targets, err := p.targets(ctx, placement, how)
	if err != nil {
		return nil, err
	}
	list := p.prober.Ask(ctx, probe.Question{
		UID: s.UID, Method: method, Targets: targets, Timeout: how.Timeout, Sampling: s.Spec.Sampling, SnapLength: s.Spec.SnapLength, Paused: paused,
	})
	if !paused && p.board.Status(s.UID).Placement.Since.Equal(placement.Since) {
		p.keep(s.UID, list)
	}
	return list, nil
}

func (p *probing) keep(uid string, list []mirror.Probed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := make(map[string]mirror.Probed, len(list))
	for key, probed := range p.newest[uid] {
		next[key] = probed
	}
	for _, probed := range list {
		if probed.Result != mirror.ProbeOpen {
			next[probed.PortKey] = probed
		}
	}
	p.newest[uid] = next
}

// of is what the newest probes of a session showed, by port key. It must not be changed.
func (p *probing) of(uid string) map[string]mirror.Probed {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.newest[uid]
}

// targets are the sources that are to be probed.
func (p *probing) targets(ctx context.Context, placement mirror.Placement, how api.Verification) ([]probe.Target, error) {
	var chosen []mirror.PlacedSource
	for _, s := range placement.Sources {
		if s.Fault == nil && (how.Source == "" || how.Source == s.Port.VM || how.Source == s.Port.Key) {
			chosen = append(chosen, s)
		}
	}
	switch {
	case len(chosen) == 0:
		return nil, mirror.Faultf(mirror.SourceGone, "source", "none of the session's sources is this one, or is mirrored: name a VM or a port key of its status")
	case how.Address.IsValid() && len(chosen) > 1:
		return nil, mirror.Faultf(mirror.SourceAmbiguous, "source", "an address is of one guest, and %d sources are to be probed: name one of them, by its port key where a VM has several", len(chosen))
	}
	guests, err := p.readGuests(ctx, placement, chosen, how)
	targets := make([]probe.Target, 0, len(chosen))
	for _, s := range chosen {
		t := probe.Target{PortKey: s.Port.Key, Label: labelOf(s.Port), Direction: s.Direction}
		if mac, err := frame.ParseMAC(s.Port.MAC); err == nil {
			t.MAC = mac
		}
		if how.Address.IsValid() {
			t.Addresses = append(t.Addresses, how.Address)
		} else {
			t.Addresses, t.Unknown = addressesOf(guests, err, s.Port)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

func (p *probing) readGuests(ctx context.Context, placement mirror.Placement, sources []mirror.PlacedSource, how api.Verification) (map[string]mirror.Guest, error) {
	read := p.guests[placement.Switch.VCenter]
	if how.Address.IsValid() || read == nil {
		return nil, nil
	}
	var ids []string
	for _, s := range sources[:min(len(sources), probe.MaxTargets)] {
		if s.Port.VMID != "" && !slices.Contains(ids, s.Port.VMID) {
			ids = append(ids, s.Port.VMID)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, guestTimeout)
	defer cancel()
	return read(ctx, ids)
}

// guestTimeout bounds asking vCenter for the guests.
const guestTimeout = 5 * time.Second

const sayAddress = "; say its address (--address, ?address=)"

// addressesOf returns an IPv4 and an IPv6 address of the guest behind a port, or why none is known.
func addressesOf(guests map[string]mirror.Guest, err error, port mirror.Port) (addresses []netip.Addr, unknown string) {
	guest, there := guests[port.VMID]
	switch {
	case err != nil:
		return nil, fmt.Sprintf("its guest's address cannot be read: %v%s", err, sayAddress)
	case !there:
		return nil, "nothing is known of its guest" + sayAddress
	case !guest.ToolsRunning:
		return nil, "VMware Tools do not run in its guest, so that vCenter does not know its address" + sayAddress
	}
	for _, a := range guest.Addresses[strings.ToLower(port.MAC)] {
		if len(addresses) == 0 || len(addresses) == 1 && a.Is6() && addresses[0].Is4() {
			addresses = append(addresses, a)
		}
	}
	if len(addresses) == 0 {
		return nil, "its guest reports no address of this adapter that others can send to" + sayAddress
	}
	return addresses, ""
}

// labelOf names a port for a person.
func labelOf(p mirror.Port) string {
	switch {
	case p.VM == "":
		return "port " + p.Key
	case p.NIC == "":
		return fmt.Sprintf("%s (port %s)", p.VM, p.Key)
	}
	return fmt.Sprintf("%s (%s, port %s)", p.VM, p.NIC, p.Key)
}

// inOne is what the probes of several sources showed, in a sentence.
func inOne(list []mirror.Probed) string {
	if len(list) == 1 {
		return list[0].Message
	}
	n := make(map[mirror.ProbeResult]int)
	worst := probe.Worst(list)
	example := ""
	for _, p := range list {
		if n[p.Result]++; p.Result == worst && example == "" {
			example = p.Message
		}
	}
	var counts []string
	for _, c := range []struct {
		result mirror.ProbeResult
		what   string
	}{{mirror.ProbeProved, "proved"}, {mirror.ProbeMissing, "not"}, {mirror.ProbeOpen, "not known"}} {
		if n[c.result] > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n[c.result], c.what))
		}
	}
	return fmt.Sprintf("of %d sources %s: %s", len(list), strings.Join(counts, ", "), example)
}
