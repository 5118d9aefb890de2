package vcsimtests

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// overload is a receiver that loses a share of what arrives and counts it, as a kernel does whose buffers are full.
type overload struct {
	percent atomic.Int64
	owed    int64 // of packets to be lost, in hundredths
	deliver func([]byte)
}

// tooLong is no packet: the receiver in memory drops it and counts that.
var tooLong = make([]byte, 1<<17)

func (o *overload) take(packet []byte) {
	if o.owed += o.percent.Load(); o.owed >= 100 {
		o.owed -= 100
		packet = tooLong
	}
	o.deliver(packet)
}

// happen makes an event happen.
func (r *play) happen(e event) error {
	act, ok := verbs[e.verb]
	if !ok {
		return fmt.Errorf("line %d: nobody knows how to %q", e.line, e.verb)
	}
	if len(e.args) < act.args {
		return fmt.Errorf("line %d: %q needs %d words behind it", e.line, e.verb, act.args)
	}
	if err := act.do(r, e.args); err != nil {
		return fmt.Errorf("line %d: %s: %w", e.line, e.verb, err)
	}
	return nil
}

// verb is how an event is made to happen, and how many words it needs at least.
type verb struct {
	args int
	do   func(r *play, args []string) error
}

// verbs are described in scenarios/README.md.
var verbs = map[string]verb{
	"ask":        {0, func(r *play, _ []string) error { return r.ask() }},
	"break":      {1, func(r *play, a []string) error { return each(a, r.sim.BreakPath) }},
	"mend":       {1, func(r *play, a []string) error { return each(a, r.sim.MendPath) }},
	"disconnect": {1, func(r *play, a []string) error { return each(a, r.sim.DisconnectHost) }},
	"reconnect":  {1, func(r *play, a []string) error { return each(a, r.sim.ReconnectHost) }},
	"quiet": {1, func(r *play, a []string) error {
		return each(a, func(vm string) error { return r.sim.Quiet(vm, true) })
	}},
	"talk": {1, func(r *play, a []string) error {
		return each(a, func(vm string) error { return r.sim.Quiet(vm, false) })
	}},
	"move":     {2, func(r *play, a []string) error { return r.sim.MoveVM(a[0], a[1]) }},
	"power":    {2, func(r *play, a []string) error { return r.sim.PowerVM(a[0], a[1] == "on") }},
	"delete":   {1, func(r *play, a []string) error { return r.sim.DeleteVM(a[0]) }},
	"reassign": {2, func(r *play, a []string) error { return r.sim.ReassignPort(r.vm(a[0]).NICs[0].PortKey, a[1]) }},
	"loss":     {1, func(r *play, a []string) error { return withShare(a[0], r.sim.Loss) }},
	"path":     {1, func(r *play, a []string) error { return r.path(a[0], a[1:]) }},
	"emission": {1, func(r *play, a []string) error { return r.emission(a[0], a[1:]) }},
	"stranger": {1, func(r *play, a []string) error { return r.stranger(a[0]) }},
	"carrier":  {1, func(r *play, a []string) error { return r.sim.Carry(noneIs(a[0], "")) }},
	"counters": {1, func(r *play, a []string) error { return r.counters(a) }},
	"overload": {1, func(r *play, a []string) error { return r.overloaded(a[0]) }},
	"vcenter":  {1, func(r *play, a []string) error { return r.reach(a[0]) }},
	"nothing":  {0, func(*play, []string) error { return nil }},
	"clock":    {1, func(r *play, a []string) error { return r.clockAhead(a[0]) }},
	"receiver": {1, func(r *play, a []string) error { return r.receiving(a[0]) }},
	"also":     {2, func(r *play, a []string) error { return r.also(a[0], a[1]) }},
	"remove":   {1, func(r *play, a []string) error { return r.removed(a[0]) }},
	"verify":   {0, func(r *play, _ []string) error { return r.post(":verify?timeout=1s") }},
	"extend":   {1, func(r *play, a []string) error { return r.post(":extend?by=" + a[0]) }},
	"disable":  {0, func(r *play, _ []string) error { return r.post(":disable") }},
	"enable":   {0, func(r *play, _ []string) error { return r.post(":enable") }},
	"meddle":   {1, func(r *play, a []string) error { return r.meddle(a) }},
}

func each(names []string, act func(string) error) error {
	for _, name := range names {
		if err := act(name); err != nil {
			return err
		}
	}
	return nil
}

// noneIs is the word, or something else for "none".
func noneIs(word, otherwise string) string {
	if word == "none" {
		return otherwise
	}
	return word
}

func share(text string) (float64, error) {
	percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	return percent / 100, err
}

func withShare(text string, act func(float64) error) error {
	s, err := share(text)
	if err != nil {
		return err
	}
	return act(s)
}

// ask asks for the session, and returns when it stands on the switch, or cannot.
func (r *play) ask() error {
	spec := wire.Spec{Encapsulation: wire.Encapsulation{Type: r.encapsulation}, SnapLength: r.scenario.snap, Sampling: r.scenario.sampling, ExpiresIn: r.scenario.life}
	if to := r.scenario.destination; to != "" {
		spec.Destination.Addresses = []string{to}
	}
	for _, s := range r.scenario.sources {
		source := wire.Source{VM: s.vm, Direction: s.direction}
		if s.vmkernelOf != "" {
			source.PortKey = r.vmkernelPort(s.vmkernelOf)
		}
		spec.Sources = append(spec.Sources, source)
	}
	return r.create(sessionName, spec)
}

// create asks for a session, and returns when it stands on the switch, or cannot.
func (r *play) create(name string, spec wire.Spec) error {
	return r.expect(http.StatusCreated, http.MethodPut, "/v1/sessions/"+name+"?wait=1m&for=Applied", wire.SessionInput{Spec: spec})
}

// expect asks the API for something that it is to answer with a status.
func (r *play) expect(status int, method, path string, body any) error {
	a, err := r.try(method, path, body)
	if err == nil && a.status != status {
		err = fmt.Errorf("answered %d: %s", a.status, a.body)
	}
	return err
}

// vmkernelPort is the key of the port of a host's vmk0.
func (r *play) vmkernelPort(host string) string {
	var ports answer
	await(r.t, soon, "the ports of the switch are read", func() (bool, string) {
		ports = r.do(http.MethodGet, "/v1/switches/DVS0/ports?fresh=true&pageSize=200", nil)
		return ports.status == http.StatusOK, string(ports.body)
	})
	list := read[wire.PortList](r.server, ports).Items
	for _, p := range list {
		if p.Connectee == "hostVmkVnic" && p.Host == host {
			return p.PortKey
		}
	}
	r.t.Fatalf("no vmkernel port of %s among %d ports", host, len(list))
	return ""
}

func (r *play) path(host string, words []string) error {
	var p sim.Path
	for _, w := range words {
		var err error
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "good":
		case "mtu":
			p.MTU, err = strconv.Atoi(value)
		case "source":
			p.Source, err = netip.ParseAddr(value)
		case "no-fragments":
			p.NoFragments = true
		case "duplicated":
			p.Duplicated = true
		case "reordered":
			p.Reordered, err = share(value)
		default:
			err = fmt.Errorf("a path cannot be %q", w)
		}
		if err != nil {
			return err
		}
	}
	return r.sim.SetPath(host, p)
}

func (r *play) emission(host string, words []string) error {
	var e sim.Emission
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "asked":
		case "encapsulation":
			e.Encapsulation = value
		case "id":
			id, err := strconv.ParseInt(value, 10, 32)
			if err != nil {
				return err
			}
			e.ERSPANID = int32(id)
		case "only":
			e.Only = value
		case "snap":
			snap, err := strconv.ParseInt(value, 10, 32)
			if err != nil {
				return err
			}
			e.SnapLength = int32(snap)
		default:
			return fmt.Errorf("an emission cannot be %q", w)
		}
	}
	return r.sim.SetEmission(host, e)
}

func (r *play) stranger(address string) error {
	if address == "none" {
		return r.sim.Impersonate(netip.Addr{})
	}
	a, err := netip.ParseAddr(address)
	if err != nil {
		return err
	}
	return r.sim.Impersonate(a)
}

// counters are frozen, thawed, or renewed "every 5s".
func (r *play) counters(words []string) error {
	switch words[0] {
	case "frozen", "thawed":
		return r.sim.FreezeCounters(words[0] == "frozen")
	case "every":
		if len(words) == 2 {
			every, err := time.ParseDuration(words[1])
			if err != nil {
				return err
			}
			return r.sim.CounterRefresh(every)
		}
	}
	return fmt.Errorf("counters cannot be %q", words)
}

func (r *play) overloaded(text string) error {
	s, err := share(text)
	if err == nil {
		r.overload.percent.Store(int64(s * 100))
	}
	return err
}

func (r *play) reach(word string) error {
	switch word {
	case "down":
		r.proxy.Down()
	case "up":
		r.proxy.Up()
	default:
		return fmt.Errorf("vCenter is down or up, not %q", word)
	}
	return nil
}

func (r *play) clockAhead(by string) error {
	ahead, err := time.ParseDuration(by)
	if err != nil {
		return err
	}
	return r.sim.SetClock(ahead)
}

func (r *play) receiving(word string) error {
	switch word {
	case "down":
		return r.receiver.fail()
	case "up":
		r.receiver.mend()
		return nil
	}
	return fmt.Errorf("the receiver is down or up, not %q", word)
}

// also asks for another session, of a VM.
func (r *play) also(name, vm string) error {
	return r.create(name, wire.Spec{Encapsulation: wire.Encapsulation{Type: r.encapsulation}, Sources: []wire.Source{{VM: vm}}})
}

// removed removes a session, and returns when it is gone from the switch.
func (r *play) removed(name string) error {
	return r.expect(http.StatusNoContent, http.MethodDelete, "/v1/sessions/"+name+"?wait=1m", nil)
}

func (r *play) post(action string) error {
	return r.expect(http.StatusOK, http.MethodPost, "/v1/sessions/"+sessionName+action, nil)
}

// meddle changes the session on the switch by hand.
func (r *play) meddle(words []string) error {
	for _, s := range r.sim.State().Sessions {
		return r.sim.EditSession(s.Key, func(s *sim.SessionSpec) {
			switch words[0] {
			case "disabled":
				s.Enabled = false
			case "cut":
				s.SnapLength = 60
			case "elsewhere":
				s.Destinations = []string{"127.0.0.7"}
			}
		})
	}
	return fmt.Errorf("there is no session on the switch")
}
