package evidence

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

var (
	alice     = vm(1).mac
	bob       = vm(2).mac
	carol     = vm(3).mac
	broadcast = frame.MAC{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}
	other9    = netip.MustParseAddr("10.9.9.8")
)

func expects(uid string, kind erspan.Type, id uint16, sources ...ExpectedSource) Expectation {
	e := Expectation{UID: uid, Type: kind, ID: id, Destinations: []netip.Addr{receiver}, Sources: sources, Exporters: make(map[netip.Addr]string), Sampling: 1}
	for name, a := range hosts {
		e.Exporters[a] = name
	}
	return e
}

func at(port string, mac frame.MAC, host string) ExpectedSource {
	return ExpectedSource{PortKey: port, MAC: mac, Host: host}
}

func only(d mirror.Direction, s ExpectedSource) ExpectedSource {
	s.Direction = d
	return s
}

// parcel is a packet on its way.
type parcel struct {
	host     string // "" is nobody's address
	kind     erspan.Type
	id       uint16
	src, dst frame.MAC
	mark     mirror.Direction // FromVM, ToVM; Both sends none where the format can leave it out
	to       netip.Addr
	n        int // tells frames apart
}

func (p parcel) arrival(sequence uint32) Arrival {
	packet := erspan.Packet{Type: p.kind, GRE: gre.Header{HasSequence: p.kind.HasSession(), Sequence: sequence}, Frame: inner(p.src, p.dst, p.n)}
	packet.Header.SessionID = p.id
	switch {
	case p.kind == erspan.TypeIII && p.mark == mirror.ToVM:
		packet.Header.Direction = erspan.Egress
	case p.kind == erspan.Bridging && p.mark != mirror.Both:
		packet.GRE.HasKey = true
		if p.mark == mirror.FromVM {
			packet.GRE.Key = epochKey
		}
	}
	src, dst := hosts[p.host], receiver
	if p.host == "" {
		src = stranger
	}
	if p.to.IsValid() {
		dst = p.to
	}
	b := packet.Append(nil)
	return Arrival{At: start.UnixNano(), Ends: gre.EndsOf(src, dst), Payload: b, WireLen: len(b) + 20, Fragments: 1}
}

// counts is what a session came to, in packets.
type counts struct {
	Packets, Ambiguous, Unlisted uint64
	Sources                      map[string][2]uint64 // from-VM and to-VM, certain ones; sources without any are left out
}

func TestAttribution(t *testing.T) {
	const g, ii, iii = erspan.Bridging, erspan.TypeII, erspan.TypeIII
	one := []Expectation{expects("s", ii, 5, at("101", alice, "esx-01"))}
	two := []Expectation{expects("s", ii, 5, at("101", alice, "esx-01"), at("102", bob, "esx-01"))}
	apart := []Expectation{expects("s", ii, 5, at("101", alice, "esx-01"), at("102", bob, "esx-02"))}
	marked := []Expectation{expects("s", iii, 5, at("101", alice, "esx-01"), at("102", bob, "esx-01"))}
	greOne := []Expectation{expects("s", g, 0, at("101", alice, "esx-01"))}
	greTwo := []Expectation{expects("s", g, 0, at("101", alice, "esx-01")), expects("r", g, 0, at("102", bob, "esx-01"))}
	greApart := []Expectation{expects("s", g, 0, at("101", alice, "esx-01")), expects("r", g, 0, at("102", bob, "esx-02"))}
	elsewhere := expects("e", ii, 5, at("102", bob, "esx-77"))
	elsewhere.Exporters = map[netip.Addr]string{netip.MustParseAddr("10.7.7.7"): "esx-77"}
	sent := map[string][2]uint64{"101": {1, 0}}
	got := map[string][2]uint64{"101": {0, 1}}

	for name, c := range map[string]struct {
		table   []Expectation
		parcels []parcel
		want    map[string]counts
		totals  Totals // without packets and bytes
	}{
		"id and source MAC":             {one, []parcel{{"esx-01", ii, 5, alice, router, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 1, Sources: sent}}, Totals{Confirmed: 1}},
		"id and destination MAC":        {one, []parcel{{"esx-01", ii, 5, router, alice, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 1, Sources: got}}, Totals{Confirmed: 1}},
		"broadcast to the only source":  {one, []parcel{{"esx-01", ii, 5, router, broadcast, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 1, Sources: got}}, Totals{Confirmed: 1}},
		"broadcast of the source":       {one, []parcel{{"esx-01", ii, 5, alice, broadcast, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 1, Sources: sent}}, Totals{Confirmed: 1}},
		"flooded to the only source":    {one, []parcel{{"esx-01", ii, 5, router, carol, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 1, Sources: got}}, Totals{Confirmed: 1}},
		"from another host of its":      {one, []parcel{{"esx-02", ii, 5, alice, router, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 1, Sources: sent}}, Totals{Confirmed: 1}},
		"from an address of no host":    {one, []parcel{{"", ii, 5, alice, router, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Unlisted: 1}}, Totals{Unlisted: 1}},
		"to another address":            {one, []parcel{{"esx-01", ii, 5, alice, router, 0, other9, 0}}, map[string]counts{"s": {}}, Totals{Unclaimed: 1}},
		"another id":                    {one, []parcel{{"esx-01", ii, 6, alice, router, 0, netip.Addr{}, 0}}, map[string]counts{"s": {}}, Totals{Unclaimed: 1}},
		"another type":                  {one, []parcel{{"esx-01", iii, 5, alice, router, 0, netip.Addr{}, 0}}, map[string]counts{"s": {}}, Totals{Unclaimed: 1}},
		"broadcast to one of two":       {two, []parcel{{"esx-01", ii, 5, router, broadcast, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 1}}, Totals{Confirmed: 1}},
		"broadcast to two hosts' VMs":   {apart, []parcel{{"esx-02", ii, 5, router, broadcast, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 1, Sources: map[string][2]uint64{"102": {0, 1}}}}, Totals{Confirmed: 1}},
		"one copy between two sources":  {two, []parcel{{"esx-01", ii, 5, alice, bob, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 1}}, Totals{Confirmed: 1}},
		"two copies between sources":    {two, []parcel{{"esx-01", ii, 5, alice, bob, 0, netip.Addr{}, 0}, {"esx-01", ii, 5, alice, bob, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 2, Sources: map[string][2]uint64{"101": {1, 0}, "102": {0, 1}}}}, Totals{Confirmed: 2}},
		"two frames between sources":    {two, []parcel{{"esx-01", ii, 5, alice, bob, 0, netip.Addr{}, 1}, {"esx-01", ii, 5, alice, bob, 0, netip.Addr{}, 2}}, map[string]counts{"s": {Packets: 2}}, Totals{Confirmed: 2}},
		"the host tells the port":       {apart, []parcel{{"esx-01", ii, 5, alice, bob, 0, netip.Addr{}, 0}, {"esx-02", ii, 5, bob, alice, 0, netip.Addr{}, 1}}, map[string]counts{"s": {Packets: 2, Sources: map[string][2]uint64{"101": {1, 0}, "102": {1, 0}}}}, Totals{Confirmed: 2}},
		"only one direction was asked":  {[]Expectation{expects("s", ii, 5, only(mirror.FromVM, at("101", alice, "esx-01")), only(mirror.FromVM, at("102", bob, "esx-01")))}, []parcel{{"esx-01", ii, 5, alice, bob, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 1, Sources: sent}}, Totals{Confirmed: 1}},
		"marks tell the port":           {marked, []parcel{{"esx-01", iii, 5, alice, router, mirror.FromVM, netip.Addr{}, 0}, {"esx-01", iii, 5, router, bob, mirror.ToVM, netip.Addr{}, 0}, {"esx-01", iii, 5, alice, bob, mirror.FromVM, netip.Addr{}, 1}, {"esx-01", iii, 5, alice, bob, mirror.ToVM, netip.Addr{}, 1}}, map[string]counts{"s": {Packets: 4, Sources: map[string][2]uint64{"101": {2, 0}, "102": {0, 2}}}}, Totals{Confirmed: 4}},
		"marks that are always zero":    {marked, []parcel{{"esx-01", iii, 5, alice, router, mirror.FromVM, netip.Addr{}, 0}, {"esx-01", iii, 5, router, alice, mirror.FromVM, netip.Addr{}, 0}, {"esx-01", iii, 5, alice, bob, mirror.FromVM, netip.Addr{}, 1}}, map[string]counts{"s": {Packets: 3, Sources: map[string][2]uint64{"101": {1, 1}}}}, Totals{Confirmed: 3}},
		"marks the wrong way round":     {marked, []parcel{{"esx-01", iii, 5, alice, router, mirror.ToVM, netip.Addr{}, 0}, {"esx-01", iii, 5, router, alice, mirror.FromVM, netip.Addr{}, 0}, {"esx-01", iii, 5, alice, bob, mirror.FromVM, netip.Addr{}, 1}}, map[string]counts{"s": {Packets: 3, Sources: map[string][2]uint64{"101": {1, 1}}}}, Totals{Confirmed: 3}},
		"the same id of two sessions":   {append(one, expects("r", ii, 5, at("102", bob, "esx-01"))), []parcel{{"esx-01", ii, 5, router, broadcast, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Ambiguous: 1}, "r": {Ambiguous: 1}}, Totals{Ambiguous: 1}},
		"the same id on two switches":   {append(one, elsewhere), []parcel{{"esx-02", ii, 5, router, broadcast, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 1, Sources: got}, "e": {}}, Totals{Confirmed: 1}},
		"gre, source MAC":               {greOne, []parcel{{"esx-01", g, 0, alice, router, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 1, Sources: sent}}, Totals{Confirmed: 1}},
		"gre, destination MAC":          {greOne, []parcel{{"esx-01", g, 0, router, alice, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Packets: 1, Sources: got}}, Totals{Confirmed: 1}},
		"gre, no MAC of ours":           {greOne, []parcel{{"esx-01", g, 0, router, carol, 0, netip.Addr{}, 0}}, map[string]counts{"s": {}}, Totals{Unclaimed: 1}},
		"gre, broadcast names nobody":   {greOne, []parcel{{"esx-01", g, 0, router, broadcast, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Ambiguous: 1}}, Totals{Ambiguous: 1}},
		"gre, between two sessions":     {greTwo, []parcel{{"esx-01", g, 0, alice, bob, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Ambiguous: 1}, "r": {Ambiguous: 1}}, Totals{Ambiguous: 1}},
		"gre, between two hosts":        {greApart, []parcel{{"esx-02", g, 0, alice, bob, 0, netip.Addr{}, 0}}, map[string]counts{"s": {}, "r": {Packets: 1, Sources: map[string][2]uint64{"102": {0, 1}}}}, Totals{Confirmed: 1}},
		"gre, broadcast of one session": {greTwo, []parcel{{"esx-01", g, 0, alice, broadcast, 0, netip.Addr{}, 0}}, map[string]counts{"s": {Ambiguous: 1}, "r": {Ambiguous: 1}}, Totals{Ambiguous: 1}},
		"gre, keys tell the session": {greTwo, []parcel{{"esx-01", g, 0, alice, router, mirror.FromVM, netip.Addr{}, 0}, {"esx-01", g, 0, router, alice, mirror.ToVM, netip.Addr{}, 0}, {"esx-01", g, 0, alice, bob, mirror.ToVM, netip.Addr{}, 0}},
			map[string]counts{"s": {Packets: 2, Sources: map[string][2]uint64{"101": {1, 1}}}, "r": {Packets: 1, Sources: map[string][2]uint64{"102": {0, 1}}}}, Totals{Confirmed: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			table, ledger := NewTable(c.table), NewLedger(Limits{})
			for i, p := range c.parcels {
				ledger.Observe(table, p.arrival(uint32(i)))
			}
			view := ledger.View()
			have := make(map[string]counts)
			for uid, s := range view.sessions {
				have[uid] = countsOf(s)
			}
			if d := cmp.Diff(c.want, have); d != "" {
				t.Errorf("sessions (-want +have):\n%s", d)
			}
			view.Totals.Packets, view.Totals.Bytes = 0, 0
			if d := cmp.Diff(c.totals, view.Totals); d != "" {
				t.Errorf("totals (-want +have):\n%s", d)
			}
		})
	}
}

func countsOf(s *tally) counts {
	c := counts{Packets: s.packets, Ambiguous: s.ambiguous, Unlisted: s.unlisted}
	for port := range s.sources.at {
		src := s.sources.of(port)
		if n := [2]uint64{src.direct.from.Packets, src.direct.to.Packets}; n != [2]uint64{} {
			if c.Sources == nil {
				c.Sources = make(map[string][2]uint64)
			}
			c.Sources[port] = n
		}
	}
	return c
}

func TestExpect(t *testing.T) {
	s := newStage(t, mirror.ERSPAN3, vm(1), vm(2))
	s.placement.Sources[1].Fault = mirror.Faultf(mirror.SourceGone, "vm-2", "gone")
	s.placement.Destinations = []netip.Addr{netip.MustParseAddr("::ffff:10.9.9.9")}
	s.session.Spec.SnapLength, s.session.Spec.Sampling = 128, 4
	have, ok := Expect(s.session, s.placement)
	want := expects("uid-web", erspan.TypeIII, 5, at("101", alice, "esx-01"))
	want.SnapLength, want.Sampling = 128, 4
	if d := cmp.Diff(want, have, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); !ok || d != "" {
		t.Errorf("ok %t (-want +have):\n%s", ok, d)
	}
	for name, change := range map[string]func(){
		"being removed":             func() { s.session.DeletedAt = start },
		"no destination":            func() { s.placement.Destinations = nil },
		"somebody else's collector": func() { s.placement.Local = false },
		"no source":                 func() { s.placement.Sources = nil },
	} {
		session, placement := s.session, s.placement
		change()
		if _, ok := Expect(s.session, s.placement); ok {
			t.Errorf("%s: something is expected", name)
		}
		s.session, s.placement = session, placement
	}
}
