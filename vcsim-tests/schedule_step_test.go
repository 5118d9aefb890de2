package vcsimtests

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/vcenter/sim"
	"github.com/vspan-io/vspan/vcenter/sim/faultproxy"
)

// step does one thing.
func (s *schedule) step() {
	if s.life.dead() {
		s.revive()
	}
	switch n := s.rand.IntN(100); {
	case n < 22:
		s.create()
	case n < 32:
		s.change()
	case n < 40:
		s.delete()
	case n < 50:
		s.trouble()
	case n < 56:
		s.taskTrouble()
	case n < 64:
		s.meddle()
	case n < 72:
		s.inventory()
	case n < 78:
		s.reassign()
	case n < 85:
		s.crash()
	case n < 89:
		s.setClock()
	default:
		s.let(time.Duration(s.rand.IntN(400)) * time.Millisecond)
	}
}

// let lets time pass, in which the daemon works.
func (s *schedule) let(d time.Duration) {
	s.did("%v pass", d)
	time.Sleep(d) // what the schedule is about: things happen at different distances
}

func (s *schedule) create() {
	name := fmt.Sprint("s-", s.made)
	s.made++
	s.ask(name, s.spec())
}

// spec is what a user asks for.
func (s *schedule) spec() wire.Spec {
	enabled := s.rand.IntN(5) > 0
	spec := wire.Spec{
		Sources:    []wire.Source{{VM: s.vms[s.rand.IntN(len(s.vms))], Direction: s.oneOf("both", "from-vm", "to-vm")}},
		Enabled:    &enabled,
		OnDrift:    s.oneOf("repair", "repair", "repair", "report"),
		SnapLength: []int{0, 64, 128}[s.rand.IntN(3)],
		ExpiresIn:  s.oneOf("1h", "1h", "never", "2s", "4s"),
	}
	spec.Encapsulation.Type = s.oneOf("gre", "erspan2", "erspan3")
	if other := s.vms[s.rand.IntN(len(s.vms))]; s.rand.IntN(3) == 0 && other != spec.Sources[0].VM {
		spec.Sources = append(spec.Sources, wire.Source{VM: other})
	}
	return spec
}

func (s *schedule) change() {
	name, _ := s.anyAsked()
	switch {
	case name == "":
	case s.rand.IntN(2) == 0:
		s.ask(name, s.spec())
	default:
		s.post(name, s.oneOf("enable", "disable"))
	}
}

func (s *schedule) delete() {
	if name, _ := s.anyAsked(); name != "" {
		s.unask(name)
	}
}

// trouble is between the daemon and vCenter, once or a few times.
func (s *schedule) trouble() {
	r := faultproxy.Rule{
		Method: s.oneOf("", "ReconfigureDvs_Task", "ReconfigureDvs_Task", "WaitForUpdatesEx", "FetchDVPorts", "RetrievePropertiesEx", "CreateFilter"),
		Fault: []faultproxy.Fault{
			faultproxy.DelayRequest, faultproxy.DelayReply, faultproxy.Status, faultproxy.Reset, faultproxy.DropReply, faultproxy.CutReply, faultproxy.TruncateReply,
		}[s.rand.IntN(7)],
		Count: 1 + s.rand.IntN(3), Wait: time.Duration(s.rand.IntN(300)) * time.Millisecond,
	}
	switch r.Fault {
	case faultproxy.Status:
		r.Status, r.Wait = 500, 0
	case faultproxy.DelayRequest, faultproxy.DelayReply:
		r.Wait = max(r.Wait, time.Millisecond)
	default:
		r.Wait = 0
	}
	s.did("the network: %v of %q, %d times", r.Fault, r.Method, r.Count)
	s.inject(r)
}

func (s *schedule) taskTrouble() {
	switch s.rand.IntN(4) {
	case 0:
		s.did("the next task fails before it applies")
		s.act(s.sim.FailTask(sim.BeforeApply, 1))
	case 1:
		s.did("the next task fails after it applied")
		s.act(s.sim.FailTask(sim.AfterApply, 1))
	case 2:
		s.did("tasks take 200 ms")
		s.act(s.sim.TaskDelay(200 * time.Millisecond))
	default:
		s.did("tasks are quick")
		s.act(s.sim.TaskDelay(0))
	}
}

// meddle is what a person does at the vSphere Client.
func (s *schedule) meddle() {
	ours := s.ourSessions()
	if len(ours) == 0 || s.rand.IntN(4) == 0 {
		key, err := s.sim.AddForeignSession(sim.SessionSpec{
			Name: s.oneOf("s-0", "theirs"), Enabled: true, FromVM: []string{s.anyPort()}, Destinations: []string{"127.0.0.1"},
			Encapsulation: "erspan2", ERSPANID: int32(1 + s.rand.IntN(5)), Sampling: 1,
		})
		s.did("somebody adds session %s", key)
		s.act(err)
		s.strangers[key] = ""
		s.rememberStrangers()
		return
	}
	v := ours[s.rand.IntN(len(ours))]
	var err error
	switch s.rand.IntN(4) {
	case 0:
		s.did("somebody removes %s (key %s)", v.Name, v.Key)
		err = s.sim.RemoveSession(v.Key)
	case 1:
		s.did("somebody switches %s (key %s) to enabled=%v", v.Name, v.Key, !v.Enabled)
		err = s.sim.EditSession(v.Key, func(spec *sim.SessionSpec) { spec.Enabled = !spec.Enabled })
	case 2:
		s.did("somebody points %s (key %s) elsewhere", v.Name, v.Key)
		err = s.sim.EditSession(v.Key, func(spec *sim.SessionSpec) { spec.Destinations = []string{"127.0.0.77"} })
	default:
		port := s.anyPort()
		s.did("somebody has %s (key %s) mirror port %s too", v.Name, v.Key, port)
		err = s.sim.EditSession(v.Key, func(spec *sim.SessionSpec) { spec.FromVM = append(slices.Clone(spec.FromVM), port) })
	}
	if err != nil {
		s.did("… which is refused: %v", err)
	}
}

// inventory is what happens to VMs.
func (s *schedule) inventory() {
	vm := s.vms[s.rand.IntN(len(s.vms))]
	switch s.rand.IntN(6) {
	case 0:
		if len(s.vms) > 4 {
			s.did("VM %s is deleted", vm)
			s.act(s.sim.DeleteVM(vm))
			s.vms = slices.DeleteFunc(s.vms, func(n string) bool { return n == vm })
		}
	case 1:
		s.did("VM %s gets another adapter", vm)
		_, err := s.sim.AddNIC(vm, s.vm(vm).NICs[0].Portgroup)
		s.act(err)
	case 2, 3:
		on := !s.vm(vm).Powered
		s.did("VM %s is powered: %v", vm, on)
		s.act(s.sim.PowerVM(vm, on))
	default:
		host := s.oneOf("esx-01", "esx-02")
		s.did("VM %s moves to %s", vm, host)
		s.act(s.sim.MoveVM(vm, host))
	}
}

// reassign gives somebody's port to another VM, as vCenter does with keys that were freed.
func (s *schedule) reassign() {
	from, to := s.vms[s.rand.IntN(len(s.vms))], s.vms[s.rand.IntN(len(s.vms))]
	if from == to {
		return
	}
	port := s.vm(from).NICs[0].PortKey
	s.did("port %s of %s becomes %s's", port, from, to)
	s.act(s.sim.ReassignPort(port, to))
}

// crash ends the daemon now, or when it comes by a point, and begins another one.
func (s *schedule) crash() {
	points := reconcile.Points()
	if n := s.rand.IntN(len(points) + 1); n < len(points) {
		s.did("the daemon is to die at %q", points[n])
		s.life.arm(points[n])
		return
	}
	s.did("the daemon dies")
	s.life.end()
	s.life.dead()
	s.revive()
}

// revive begins another daemon and looks whether it knows what the one before acknowledged (I5).
func (s *schedule) revive() {
	s.did("another daemon begins")
	s.life.begin()
	s.checkAcknowledged()
}

func (s *schedule) setClock() {
	off := []time.Duration{0, 0, time.Hour, -time.Hour, 400 * 24 * time.Hour}[s.rand.IntN(5)]
	s.did("the clock is %v off", off)
	s.jump.off.Store(int64(off))
}

func (s *schedule) anyPort() string { return s.vm(s.vms[s.rand.IntN(len(s.vms))]).NICs[0].PortKey }

// post acts on a session.
func (s *schedule) post(name, verb string) {
	s.did("POST %s:%s", name, verb)
	a, err := s.try(http.MethodPost, "/v1/sessions/"+name+":"+verb, nil)
	s.record(name, a, err)
}
