package evidence

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

// sampleOf returns the GRE datagrams of a capture file that were not fragmented.
func sampleOf(t *testing.T, name string) []Arrival {
	dir := os.Getenv("VSPAN_PCAPS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "pcaps")
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if os.IsNotExist(err) {
		t.Skipf("the packet samples are not there: %v", err)
	}
	if err != nil || len(b) < 24 || binary.LittleEndian.Uint32(b) != 0xA1B2C3D4 {
		t.Fatalf("%s is not a capture file of the expected kind: %v", name, err)
	}
	var arrivals []Arrival
	for b = b[24:]; len(b) >= 16; {
		seconds, n := binary.LittleEndian.Uint32(b), int(binary.LittleEndian.Uint32(b[8:]))
		f, err := frame.Parse(b[16 : 16+n])
		b = b[16+n:]
		if err != nil || f.Protocol != frame.ProtocolGRE || f.IP.IsFragment() {
			continue
		}
		arrivals = append(arrivals, Arrival{At: int64(seconds) * int64(time.Second), Ends: gre.EndsOf(f.IP.Src, f.IP.Dst), Payload: f.Payload, WireLen: f.IP.TotalLen, Fragments: 1})
	}
	return arrivals
}

// What is inferred of the direction marks holds in the one sample of a vSphere switch, and not in those of Open vSwitch, whose direction bit is always 1: each VM
// of the sample, taken as the only source, is confirmed with every packet that names it, and no believed mark says otherwise than its MAC.
func TestSamples(t *testing.T) {
	for name, c := range map[string]struct {
		kind     erspan.Type
		believed bool
	}{
		"zeek-erspan.pcap":    {erspan.Bridging, true},
		"zeek-erspanIII.pcap": {erspan.TypeIII, true},
		"zeek-erspanII.pcap":  {erspan.TypeII, false},
		"ovs-erspan2.pcap":    {erspan.TypeII, false},
		"ovs-erspan3.pcap":    {erspan.TypeIII, false},
		"ovs-gre.pcap":        {erspan.Bridging, false},
	} {
		t.Run(name, func(t *testing.T) {
			arrivals := sampleOf(t, name)
			vm, id, n := vmOf(t, arrivals, c.believed)
			e := Expectation{UID: "s", Type: c.kind, ID: id, Destinations: []netip.Addr{arrivals[0].Dst()}, Exporters: map[netip.Addr]string{arrivals[0].Src(): "esx-01"},
				Sources: []ExpectedSource{at("101", vm, "esx-01")}}
			table, ledger := NewTable([]Expectation{e}), NewLedger(Limits{})
			for _, a := range arrivals {
				ledger.Observe(table, a)
			}
			s := ledger.View().sessions["s"]
			src := s.sources.of("101").direct
			if s.packets < n || src.from.Packets+src.to.Packets < n || src.from.Packets == 0 || src.to.Packets == 0 {
				t.Errorf("%d packets confirmed, %d from-vm and %d to-vm; %d name the VM", s.packets, src.from.Packets, src.to.Packets, n)
			}
			whole := ledger.streams.get(streamKey{exporter: arrivals[0].Src(), destination: arrivals[0].Dst(), kind: c.kind}.wholeKey()).value.marks
			if whole.believed() != c.believed || c.believed && whole.disagree > 0 {
				t.Errorf("marks %+v, believed %t, want %t", whole, whole.believed(), c.believed)
			}
			if s.early > 0 || s.loops > 0 {
				t.Errorf("%d frames cut, %d loops", s.early, s.loops)
			}
		})
	}
}

// vmOf finds the VM of a sample: the sender of the first frame, or of the first that is marked from-VM where marks mean something. It
// returns the session id, and how many frames bear the VM's address.
func vmOf(t *testing.T, arrivals []Arrival, marked bool) (vm frame.MAC, id uint16, n uint64) {
	for _, a := range arrivals {
		p, err := erspan.Decapsulate(a.Payload)
		if err != nil {
			t.Fatalf("decapsulate: %v", err)
		}
		f, err := frame.Parse(p.Frame)
		if err != nil {
			t.Fatalf("parse: %v", err)
		}
		if d, ok := markOf(p); vm.IsZero() && (!marked || ok && d == mirror.FromVM) {
			vm, id = f.Src, p.Header.SessionID
		}
		if f.Src == vm || f.Dst == vm {
			n++
		}
	}
	return vm, id, n
}
