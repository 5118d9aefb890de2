package evidence

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

var (
	receiver = netip.MustParseAddr("10.9.9.9")
	hosts    = map[string]netip.Addr{"esx-01": netip.MustParseAddr("10.0.0.11"), "esx-02": netip.MustParseAddr("10.0.0.12")}
	stranger = netip.MustParseAddr("192.0.2.66")
	router   = frame.MAC{0x02, 0, 0, 0, 0, 0xFE}
	start    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

const epochKey = 0x02000000

// guest is a VM whose port is mirrored.
type guest struct {
	name, port, host string
	mac              frame.MAC
	from, to         int  // packets it sends and is sent each second, to and from the router
	muteFrom, muteTo bool // the mirror of that direction does not arrive
	sizeFrom, sizeTo int  // bytes of each frame; 0: innerLen
	counters         mirror.PortCounters
	older            mirror.PortCounters // a second ago
	shown            mirror.PortCounters // as vCenter shows them
	missed           uint64              // packets it moved since one of them arrived
}

func (g *guest) mute(yes bool) { g.muteFrom, g.muteTo = yes, yes }

// stage is a session, its VMs, hosts, vCenter and receiver, under a clock that only the test moves.
type stage struct {
	t         testing.TB
	now       time.Time
	ledger    *Ledger
	judge     *Judge
	session   mirror.Session
	placement mirror.Placement
	guests    []*guest

	others   []Expectation // of other sessions, in the same table
	refresh  int           // seconds between two refreshes of the counters
	frozen   bool          // vCenter answers with old counters
	late     bool          // it shows those of a second ago
	paused   bool          // the hosts send nothing: it is disabled
	unread   bool          // vCenter does not answer for counters
	down     string        // why the receiver is down
	dropping uint64        // packets the receiver drops each second
	dropped  uint64
	vcenter  VCenter
	packet   func(*erspan.Packet) // changes each packet before it is sent
	exporter netip.Addr           // sends instead of the hosts
	skip     int                  // of so many packets one is lost on the way, each time the last
	unlucky  int                  // of so many packets one is lost on the way by chance: not in step with what is sent
	mtu      int                  // frames of more bytes do not pass; 0: all do
	twice    bool                 // every packet arrives twice
	second   *guest               // the first guest sends what this one does too
	padding  uint64               // bytes of each frame that the counters have and the mirror has not
	sampling int                  // one of so many is mirrored; 0: all
	ring     uint64               // of dropped, because the ring was full
	sent     int
	passed   uint64 // numbers that were passed over, by what is said of each packet
	dice     *rand.Rand
	sequence map[string]uint32
	ticks    int
	probes   map[string]mirror.Probed
	result   Result
}

func newStage(t testing.TB, encapsulation mirror.EncapsulationType, guests ...*guest) *stage {
	s := &stage{
		t: t, now: start, ledger: NewLedger(Limits{}), judge: NewJudge(Options{}), guests: guests, refresh: 1,
		vcenter:  VCenter{Reachable: true, Since: start},
		sequence: make(map[string]uint32), dice: rand.New(rand.NewPCG(1, 2)),
		session: mirror.Session{Name: "web", UID: "uid-web", Generation: 1, Notes: mirror.Notes{ERSPANID: 5}, Spec: mirror.Spec{
			Destination: mirror.Destination{Receiver: mirror.LocalReceiver}, Encapsulation: mirror.Encapsulation{Type: encapsulation}, Sampling: 1, Enabled: true,
		}},
		placement: mirror.Placement{Generation: 1, At: start, SwitchName: "DVS0", Accepted: true, Applied: true, Since: start, Local: true, Destinations: []netip.Addr{receiver}},
	}
	if encapsulation == mirror.GRE {
		s.session.ERSPANID = 0
	}
	for _, name := range []string{"esx-01", "esx-02"} {
		s.placement.Hosts = append(s.placement.Hosts, mirror.Host{Name: name, Connected: true, Addresses: []netip.Addr{hosts[name]}})
	}
	for _, g := range guests {
		s.placement.Sources = append(s.placement.Sources, mirror.PlacedSource{Port: mirror.Port{
			Key: g.port, VM: g.name, MAC: g.mac.String(), Host: g.host, Connectee: mirror.VMNIC, Connected: true,
		}})
	}
	return s
}

// vm is a guest that talks with the router: ten packets a second each way.
func vm(n int) *guest {
	return &guest{name: fmt.Sprintf("vm-%d", n), port: fmt.Sprint(100 + n), host: "esx-01", mac: frame.MAC{0, 0x50, 0x56, 0, 0, byte(n)}, from: 10, to: 10}
}

// refuse has the session not stand on the switch as asked, for a reason.
func (s *stage) refuse(why mirror.Reason) {
	s.placement.Applied, s.placement.Fault = false, mirror.Faultf(why, `session "web"`, "is not as asked")
}

func (s *stage) table() *Table {
	es := s.others
	if e, ok := Expect(s.session, s.placement); ok {
		es = append(es[:len(es):len(es)], e)
	}
	return NewTable(es)
}

// pass lets n seconds go by: traffic, counters, and the judge at the end of each.
func (s *stage) pass(n int) {
	for range n {
		s.now = s.now.Add(time.Second)
		s.ticks++
		s.dropped += s.dropping
		table := s.table()
		for _, g := range s.guests {
			s.talk(table, g)
		}
		if g := s.second; g != nil {
			first := s.guests[0]
			g.counters, g.host, g.missed, g.muteFrom, g.muteTo = first.counters, first.host, first.missed, first.muteFrom, first.muteTo
			s.talk(table, g)
			first.counters, first.missed = g.counters, g.missed
		}
		s.show()
		s.judgeNow()
	}
}

func (s *stage) talk(table *Table, g *guest) {
	for i := range max(g.from, g.to) {
		at := s.now.Add(time.Duration(i-1000) * time.Millisecond)
		if i < g.from {
			f := sized(g.mac, router, i, g.sizeFrom)
			s.move(&g.counters.FromVM, f)
			g.missed++
			if !g.muteFrom && s.send(table, g.host, f, mirror.FromVM, at) {
				g.missed = 0
			}
		}
		if i < g.to {
			f := sized(router, g.mac, i, g.sizeTo)
			s.move(&g.counters.ToVM, f)
			g.missed++
			if !g.muteTo && s.send(table, g.host, f, mirror.ToVM, at) {
				g.missed = 0
			}
		}
	}
}

// show has vCenter renew what it shows of the counters, at its own pace.
func (s *stage) show() {
	for _, g := range s.guests {
		if s.ticks%s.refresh == 0 && !s.frozen {
			if g.shown = g.counters; s.late {
				g.shown = g.older
			}
		}
		g.older = g.counters
	}
}

func (s *stage) move(v *mirror.Volume, frame []byte) {
	v.Packets, v.Bytes = v.Packets+1, v.Bytes+uint64(len(frame))+s.padding
}

// send emits one mirrored frame as the host does, and reports whether it was neither lost on the way nor spoilt.
func (s *stage) send(table *Table, host string, f []byte, d mirror.Direction, at time.Time) (arrived bool) {
	if s.paused || s.sampling > 1 && s.dice.IntN(s.sampling) != 0 {
		return false
	}
	p := s.wrap(host, f, d)
	if s.packet != nil {
		s.packet(&p)
	}
	if s.sent++; s.skip > 0 && s.sent%s.skip == 0 || s.unlucky > 0 && s.dice.IntN(s.unlucky) == 0 || s.dropping > 0 || s.down != "" || s.mtu > 0 && len(f) > s.mtu {
		return false
	}
	from := hosts[host]
	if s.exporter.IsValid() {
		from = s.exporter
	}
	b := p.Append(nil)
	a := arrivalOf(at, from, b)
	s.passed += uint64(s.ledger.Observe(table, a).Gap)
	if s.twice {
		s.ledger.Observe(table, a)
	}
	return !s.exporter.IsValid() && s.packet == nil
}

func arrivalOf(at time.Time, from netip.Addr, b []byte) Arrival {
	return Arrival{At: at.UnixNano(), Ends: gre.EndsOf(from, receiver), Payload: b, WireLen: len(b) + 20, Fragments: 1}
}

func (s *stage) wrap(host string, f []byte, d mirror.Direction) erspan.Packet {
	p := erspan.Packet{Type: typeOf(s.session.Spec.Encapsulation.Type), Frame: f}
	switch p.Type {
	case erspan.Bridging:
		p.GRE = gre.Header{HasKey: true}
		if d == mirror.FromVM {
			p.GRE.Key = epochKey
		}
		return p
	case erspan.TypeIII:
		if d == mirror.ToVM {
			p.Header.Direction = erspan.Egress
		}
	}
	p.Header.SessionID = s.session.ERSPANID
	p.GRE = gre.Header{HasSequence: true, Sequence: s.sequence[host]}
	s.sequence[host]++
	return p
}

func (s *stage) judgeNow() {
	counters := make(map[string]mirror.PortCounters)
	for _, g := range s.guests {
		c := g.shown
		c.PortKey, c.At = g.port, s.now
		if !s.unread {
			counters[g.port] = c
		}
	}
	s.result = s.judge.Judge(s.now, Input{
		Session: s.session, Placement: s.placement, Counters: counters, View: s.ledger.View(),
		Receiver: Receiver{Up: s.down == "", Dropped: s.dropped, Reason: s.down, RingDropped: s.ring}, VCenter: s.vcenter, Probes: s.probes,
	})
}

func (s *stage) want(state mirror.State, reason mirror.Reason) {
	s.t.Helper()
	if v := s.result.Verdict; v.State != state || v.Reason != reason {
		s.t.Fatalf("after %s: verdict is %s/%s, want %s/%s: %s\nsources: %+v", s.now.Sub(start), v.State, v.Reason, state, reason, v.Message, s.result.Evidence.Sources)
	}
	if s.result.Verdict.Message == "" {
		s.t.Fatal("the verdict has no sentence")
	}
}

const innerLen = 14 + 20 + 8 + 58

// sized is a UDP packet in a frame of so many bytes; 0: innerLen.
func sized(src, dst frame.MAC, n, size int) []byte {
	if size == 0 {
		size = innerLen
	}
	return innerOf(src, dst, n, size, netip.MustParseAddr("10.1.0.2"), frame.ProtocolUDP)
}

// inner is a UDP packet in an Ethernet frame of innerLen bytes; n makes it unlike the others.
func inner(src, dst frame.MAC, n int) []byte {
	return innerTo(src, dst, n, netip.MustParseAddr("10.1.0.2"), frame.ProtocolUDP)
}

func innerTo(src, dst frame.MAC, n int, to netip.Addr, protocol uint8) []byte {
	return innerOf(src, dst, n, innerLen, to, protocol)
}

func innerOf(src, dst frame.MAC, n, size int, to netip.Addr, protocol uint8) []byte {
	payload := make([]byte, size-34)
	copy(payload, fmt.Sprintf("\x04\x00\x08\x00\x00\x42\x00\x00%d", n))
	f := frame.Frame{
		Ethernet: frame.Ethernet{Src: src, Dst: dst, EtherType: frame.EtherTypeIPv4},
		HasIP:    true,
		IP:       frame.IP{Version: 4, Src: netip.MustParseAddr("10.1.0.1"), Dst: to, Protocol: protocol, TTL: 64, HeaderLen: 20, TotalLen: size - 14},
		Payload:  payload,
	}
	return f.Append(nil)
}
