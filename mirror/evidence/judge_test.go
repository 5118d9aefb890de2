package evidence

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Whatever happens, in whatever order: "delivering" needs packets, "lost" needs a receiver that heard everything and counters that
// moved, and a verdict never lacks a reason and a sentence.
func TestNoVerdictWithoutProof(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		encapsulation := rapid.SampledFrom([]mirror.EncapsulationType{mirror.GRE, mirror.ERSPAN2, mirror.ERSPAN3}).Draw(t, "encapsulation")
		s := newStage(unwitnessed{}, encapsulation, vm(1), vm(2))
		if rapid.Bool().Draw(t, "two hosts") {
			onHost(s.guests[1], "esx-02")
			s.placement.Sources[1].Port.Host = "esx-02"
		}
		var made acted
		s.refresh = rapid.SampledFrom([]int{1, 5, 20}).Draw(t, "refresh")
		s.session.Spec.Sampling = rapid.SampledFrom([]int{1, 100}).Draw(t, "sampling")
		acts := []func(*stage){
			nothing, breakPath, mendPath, silence,
			func(s *stage) { s.guests[0].mute(!s.guests[0].muteFrom) },
			func(s *stage) { s.guests[0].from, s.guests[0].to = 10, 3 },
			func(s *stage) { s.guests[1].from, s.guests[1].to = 1, 30 },
			func(s *stage) { s.frozen = !s.frozen },
			func(s *stage) { s.unread = !s.unread },
			func(s *stage) { s.dropping = 5 - s.dropping },
			func(s *stage) { s.down = strings.TrimPrefix("gone", s.down) },
			func(s *stage) { s.vcenter.Reachable = !s.vcenter.Reachable },
			func(s *stage) { s.unlucky = (s.unlucky + 1) % 3 },
			func(s *stage) { s.exporter = stranger },
			func(s *stage) { s.exporter = hosts["none"] },
			moveTo("esx-01"), moveTo("esx-02"),
			func(s *stage) { s.packet = func(p *erspan.Packet) { p.Header.SessionID ^= 1 } },
			func(s *stage) { s.packet = nil },
			func(s *stage) { s.mtu = 1400 - s.mtu },
			func(s *stage) { s.twice = !s.twice },
			func(s *stage) { s.guests[0].sizeFrom, s.guests[1].sizeTo = 1514-s.guests[0].sizeFrom, 1300 },
			mixed(0, 1300), bothWays,
			func(s *stage) { s.second = nil },
			func(s *stage) { s.late = !s.late },
			toggle, toggle,
			func(s *stage) { s.session.Spec.Enabled = !s.session.Spec.Enabled }, // as of one that is paused for a proof
			func(s *stage) { s.placement.Since = s.now },
			func(s *stage) {
				s.session.Spec.SnapLength = 96
				s.packet = func(p *erspan.Packet) { p.Frame = p.Frame[:min(len(p.Frame), 96)] }
			},
			func(s *stage) { s.padding = 22 - s.padding },
			func(s *stage) { s.vcenter.Skew = time.Minute - s.vcenter.Skew },
			func(s *stage) {
				s.packet = func(p *erspan.Packet) {
					p.Frame = innerTo([6]byte(p.Frame[6:]), [6]byte(p.Frame), s.sent, receiver, frame.ProtocolGRE)
				}
			},
		}
		var lastPacket, lastImpaired, lastMoved time.Time
		lastRead := start
		var before Totals
		shown := s.guests[0].shown.FromVM.Add(s.guests[1].shown.FromVM)
		for range rapid.IntRange(1, 12).Draw(t, "acts") {
			acts[rapid.IntRange(0, len(acts)-1).Draw(t, "act")](s)
			for range rapid.IntRange(1, 25).Draw(t, "seconds") {
				s.pass(1)
				if n := s.ledger.View().Totals; n.Confirmed > before.Confirmed {
					lastPacket, before = s.now, n
				}
				if !s.unread {
					lastRead = s.now
				}
				if s.dropping > 0 || s.down != "" || s.now.Sub(lastRead) > 15*time.Second || !s.vcenter.Reachable {
					lastImpaired = s.now
				}
				var all mirror.Volume
				for _, g := range s.guests {
					all = all.Add(g.shown.FromVM).Add(g.shown.ToVM)
				}
				if all != shown {
					lastMoved, shown = s.now, all
				}
				made.note(s)
				made.check(t, s)
				s.checkLost(t)
				v := s.result.Verdict
				switch {
				case v.State == mirror.NoVerdict || v.Reason == mirror.NoReason || v.Message == "" || strings.Contains(v.Message, "%!"):
					t.Fatalf("verdict %+v", v)
				case v.State == mirror.Delivering && (lastPacket.IsZero() || s.now.Sub(lastPacket) > 30*time.Second):
					t.Fatalf("delivering, and the last packet came at %s: %s", lastPacket, v.Message)
				case v.State == mirror.Lost && s.now.Sub(lastImpaired) == 0:
					t.Fatalf("lost, while the receiver or the counters could not be trusted: %s", v.Message)
				case v.State == mirror.Lost && (lastMoved.IsZero() || s.now.Sub(lastMoved) > 80*time.Second): // remembered for a minute, of readings up to 15 s old
					t.Fatalf("lost, and the counters have stood still since %s: %s", lastMoved, v.Message)
				case v.State == mirror.Lost && s.now.Sub(lastPacket) < 4*time.Second:
					t.Fatalf("lost, and a packet came at %s: %s", lastPacket, v.Message)
				case v.State != mirror.Disabled && !s.session.Spec.Enabled:
					t.Fatalf("%s, and it is disabled: %s", v.State, v.Message)
				case v.State == mirror.Idle && s.refresh < 20 && !s.frozen && !s.unread && s.vcenter.Reachable && s.now.Sub(lastMoved) < 4*time.Second && !lastMoved.IsZero() && lastPacket.Before(lastMoved):
					t.Fatalf("idle, and a counter moved at %s: %s", lastMoved, v.Message)
				}
			}
		}
	})
}

// checkLost reports sources that are called lost although none of their packets is missing.
func (s *stage) checkLost(t *rapid.T) {
	for i, g := range s.guests {
		if v := s.result.Evidence.Sources[i].Verdict; v.State == mirror.Lost && g.missed == 0 {
			t.Fatalf("%s is lost, and the last packet that its port moved arrived: %s", g.name, v.Message)
		}
	}
}

// bothWays has the first guest send and be sent full frames beside small ones.
func bothWays(s *stage) {
	full := *s.guests[0]
	full.from, full.to, full.sizeFrom, full.sizeTo = 10, 10, 1514, 1514
	s.second = &full
}

// toggle disables the session or enables it again, as its owner does: it stands on the switch as asked at once.
func toggle(s *stage) {
	s.paused = !s.paused
	s.session.Spec.Enabled = !s.paused
	s.session.Generation++
	s.placement.Generation, s.placement.Since = s.session.Generation, s.now
}

// acted is what was done to a stage so far, as far as it explains a diagnosis.
type acted struct {
	muted, lossy, narrow, twice, changed, foreign, dropped, moved, frozen, skewed bool
}

func (a *acted) note(s *stage) {
	for _, g := range s.guests {
		a.muted = a.muted || g.muteFrom || g.muteTo
		a.moved = a.moved || !s.placement.Sources[0].Moved.IsZero()
	}
	a.lossy = a.lossy || s.unlucky > 0
	a.narrow = a.narrow || s.mtu > 0
	a.twice = a.twice || s.twice
	a.changed = a.changed || s.packet != nil
	a.foreign = a.foreign || s.exporter.IsValid()
	a.dropped = a.dropped || s.dropping > 0 || s.down != ""
	a.frozen = a.frozen || s.frozen || s.unread || !s.vcenter.Reachable || s.refresh == 20
	a.skewed = a.skewed || s.vcenter.Skew >= maxSkew
}

// check reports diagnoses that nothing that was done explains.
func (a *acted) check(t *rapid.T, s *stage) {
	for _, d := range s.result.Evidence.Diagnoses {
		explained := map[mirror.DiagnosisCode]bool{
			mirror.MTUOnPath: a.narrow || a.changed, mirror.HostSilent: a.muted || a.lossy || a.narrow || a.changed, mirror.OneDirection: a.muted || a.lossy || a.narrow,
			mirror.ERSPANIDOnTheWire: a.changed, mirror.EncapsulationOnTheWire: a.changed, mirror.DuplicateCopies: a.twice, mirror.MirrorLoop: a.changed,
			mirror.ReceiverDrops: a.dropped, mirror.StoppedAtVMotion: a.moved && (a.muted || a.lossy || a.narrow || a.changed || a.foreign),
			mirror.UnlistedExporter: a.foreign, mirror.SequenceLoss: a.muted || a.lossy || a.narrow || a.changed, mirror.CountersFrozen: a.frozen, mirror.ClockSkew: a.skewed,
		}
		if !explained[d.Code] || strings.Contains(d.Message+d.Remedy, "%!") {
			t.Fatalf("diagnosed %s, and nothing was done that explains it (%+v): %s", d.Code, *a, d.Message)
		}
		if d.Code == mirror.HostSilent && s.lately(d.Subject) {
			t.Fatalf("%s is called silent, and sent just now", d.Subject)
		}
	}
}

// lately reports whether a host sent something of the session within the last second, and it arrived.
func (s *stage) lately(host string) bool {
	t := s.ledger.View().sessions[s.session.UID]
	for _, e := range t.exporters.list {
		if e.host == host && s.now.Sub(e.last) <= time.Second {
			return true
		}
	}
	return false
}

// unwitnessed is for stages whose verdicts are looked at by other means.
type unwitnessed struct{ testing.TB }

// The path must be called lost in the time that a person would wait, with counters that are refreshed each second.
func TestLostInTime(t *testing.T) {
	for _, encapsulation := range []mirror.EncapsulationType{mirror.GRE, mirror.ERSPAN2, mirror.ERSPAN3} {
		s := newStage(t, encapsulation, vm(1))
		s.pass(10)
		breakPath(s)
		n := 0
		for s.result.Verdict.State != mirror.Lost {
			if n++; n > 7 {
				s.want(mirror.Lost, mirror.WasDeliveringStopped)
			}
			s.pass(1)
		}
	}
}

// A host that counts the packets of all its sessions together leaves gaps in each of them; none of these is loss, and real loss shows.
// Open vSwitch counts sessions of both ERSPAN types together.
func TestOneSequenceForAllSessions(t *testing.T) {
	for name, kind := range map[string]erspan.Type{"of one type": erspan.TypeII, "of both types": erspan.TypeIII} {
		t.Run(name, func(t *testing.T) { testOneSequence(t, kind) })
	}
}

func testOneSequence(t *testing.T, kind erspan.Type) {
	s := newStage(t, mirror.ERSPAN2, vm(1))
	s.others = []Expectation{expects("other", kind, 6, at("107", vm(7).mac, "esx-01"))}
	s.packet = func(*erspan.Packet) { // every second packet of the host is another session's
		p := parcel{host: "esx-01", kind: kind, id: 6, src: vm(7).mac, dst: router}
		if s.sent%7 != 0 || s.skip == 0 {
			s.ledger.Observe(s.table(), p.arrival(s.sequence["esx-01"]))
		}
		s.sequence["esx-01"]++
	}
	s.guests[0].from = 100
	s.pass(20)
	s.want(mirror.Delivering, mirror.PacketsSeen)
	if e := s.result.Evidence; e.Lost != 0 || !e.SequenceUsable {
		t.Errorf("lost %d, usable %t; want none lost", e.Lost, e.SequenceUsable)
	}
	s.sequence["esx-01"] += 1 << 30 // the host begins anew
	s.pass(10)
	s.want(mirror.Delivering, mirror.PacketsSeen)
	if e := s.result.Evidence; e.Lost != 0 || s.passed != 0 {
		t.Errorf("lost %d, %d passed over, when the host had begun anew; want none", e.Lost, s.passed)
	}
	s.skip = 7
	s.pass(15)
	s.want(mirror.Degraded, mirror.SequenceGaps)
}

// What was sent while our own receiver was down was not lost on the way.
func TestDowntimeIsNoLoss(t *testing.T) {
	s := newStage(t, mirror.ERSPAN2, vm(1))
	s.pass(5)
	s.down = "restarting"
	s.pass(2)
	s.down, s.skip = "", 1
	s.pass(1)
	s.skip = 0
	s.pass(3)
	s.want(mirror.Delivering, mirror.PacketsSeen)
	if lost := s.result.Evidence.Lost; lost != 0 {
		t.Errorf("%d packets lost, want none", lost)
	}
}

// A source of which something else arrives than was asked for is not called lost, also beside one that delivers.
func TestOneSourceIsSentWrongly(t *testing.T) {
	s := newStage(t, mirror.ERSPAN2, vm(1), vm(2))
	s.packet = func(p *erspan.Packet) {
		if f := p.Frame; [6]byte(f) == s.guests[1].mac || [6]byte(f[6:]) == s.guests[1].mac {
			p.Header.SessionID = 99
		}
	}
	s.pass(15)
	s.want(mirror.Degraded, mirror.WrongERSPANID)
	if v := s.result.Evidence.Sources[0].Verdict; v.State != mirror.Delivering {
		t.Errorf("the other source: %+v", v)
	}
}

func TestEvidence(t *testing.T) {
	s := newStage(t, mirror.ERSPAN3, vm(1), vm(2))
	s.guests[1].from, s.guests[1].to = 0, 0
	s.guests[0].to = 30
	s.pass(20)
	e := s.result.Evidence
	if e.Packets != 800 || e.Bytes != 800*innerLen || e.First.After(start.Add(time.Second)) || e.Last.Before(start.Add(19*time.Second)) {
		t.Errorf("%d packets, %d bytes from %s to %s", e.Packets, e.Bytes, e.First, e.Last)
	}
	if e.PacketsPerSecond != 40 || e.BitsPerSecond != 40*innerLen*8 {
		t.Errorf("%v packets/s, %v bit/s", e.PacketsPerSecond, e.BitsPerSecond)
	}
	if len(e.Exporters) != 1 || e.Exporters[0].Host != "esx-01" || e.Exporters[0].Packets != 800 {
		t.Errorf("exporters %+v", e.Exporters)
	}
	first, second := e.Sources[0], e.Sources[1]
	if first.FromVM != (mirror.Volume{Packets: 200, Bytes: 200 * innerLen}) || first.ToVM.Packets != 600 || first.Verdict.State != mirror.Delivering {
		t.Errorf("first source %+v", first)
	}
	if second.Verdict.State != mirror.Idle || !second.Last.IsZero() {
		t.Errorf("second source %+v", second)
	}
	if v := s.result.Verdict; !v.Since.Equal(start.Add(time.Second)) || !v.At.Equal(s.now) {
		t.Errorf("the verdict holds since %s, judged at %s", v.Since, v.At)
	}
}

// Sessions that one judge forgot begin anew.
func TestForget(t *testing.T) {
	s := newStage(t, mirror.GRE, vm(1))
	s.pass(20)
	s.judge.Forget("uid-web")
	if len(s.judge.sessions) != 0 {
		t.Error("something is remembered")
	}
	breakPath(s)
	s.pass(2)
	s.want(mirror.Delivering, mirror.PacketsSeen)
}

// A clock that is set back, and a process that did not run for a while, must not accuse anyone.
func TestClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{-time.Hour, time.Hour} {
		s := newStage(t, mirror.ERSPAN2, vm(1))
		s.pass(10)
		s.placement.Since = time.Time{}
		breakPath(s)
		s.now = s.now.Add(jump)
		s.pass(2)
		if v := s.result.Verdict; v.State == mirror.Lost {
			t.Errorf("after a jump of %s: %s", jump, v.Message)
		}
	}
}
