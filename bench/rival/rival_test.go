package rival

import (
	"testing"

	"github.com/gopacket/gopacket"

	"github.com/vspan-io/vspan/bench/traffic"
)

func packets(t testing.TB, n int) [][]byte {
	t.Helper()
	made, err := traffic.New(traffic.Spec{Packets: n})
	if err != nil {
		t.Fatal(err)
	}
	return made.Memory()
}

// Both count every packet of the traffic, and see its numbers follow each other.
func TestBothCountAll(t *testing.T) {
	const n = 2000
	parser, whole := NewParser(), NewPackets()
	for name, c := range map[string]struct {
		take   func([]byte) error
		ledger *Ledger
	}{"parser": {parser.Take, parser.Ledger}, "packets": {whole.Take, whole.Ledger}} {
		for i, packet := range packets(t, n) {
			if err := c.take(packet); err != nil {
				t.Fatalf("%s: packet %d: %v", name, i, err)
			}
		}
		if got, lost := c.ledger.Totals(); got != n || lost != 0 {
			t.Errorf("%s: %d packets and %d lost of %d", name, got, lost, n)
		}
		if err := c.take(packets(t, 1)[0][:60]); err == nil {
			t.Errorf("%s took a packet without its end", name)
		}
	}
}

// The parser is the rival it should be only if it allocates nothing.
func TestParserAllocatesNothing(t *testing.T) {
	parser, all := NewParser(), packets(t, 500)
	if n := testing.AllocsPerRun(10, func() {
		for _, packet := range all {
			if err := parser.Take(packet); err != nil {
				t.Fatal(err)
			}
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// The containers of layers that gopacket has: [NewParser] must use the fastest.
func BenchmarkContainers(b *testing.B) {
	all := packets(b, 1000)
	for name, container := range map[string]gopacket.DecodingLayerContainer{
		"map": gopacket.DecodingLayerMap(nil), "array": gopacket.DecodingLayerArray(nil), "sparse": gopacket.DecodingLayerSparse(nil),
	} {
		b.Run(name, func(b *testing.B) {
			parser := newParser(container)
			for i := 0; b.Loop(); i++ {
				if err := parser.Take(all[i%len(all)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
