package evidence

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// mirrors is a table of sessions with so many sources each, and for each source a packet in either direction.
func mirrors(sessions, sources int) (*Table, []Arrival) {
	var es []Expectation
	var arrivals []Arrival
	for i := range sessions {
		var list []ExpectedSource
		id := uint16(i%1023 + 1)
		for k := range sources {
			mac := frame.MAC{0, 0x50, 0x56, byte(i >> 8), byte(i), byte(k)}
			list = append(list, at(fmt.Sprint(i, "-", k), mac, "esx-01"))
			for _, p := range []parcel{{src: mac, dst: router}, {src: router, dst: mac}} {
				p.host, p.kind, p.id = "esx-01", erspan.TypeII, id
				arrivals = append(arrivals, p.arrival(0))
			}
		}
		es = append(es, expects(fmt.Sprint("uid-", i), erspan.TypeII, id, list...))
	}
	return NewTable(es), arrivals
}

func BenchmarkTake(b *testing.B) {
	for _, size := range []struct{ sessions, sources int }{{64, 1}, {10, 64}, {1000, 64}} {
		b.Run(fmt.Sprintf("%dx%d", size.sessions, size.sources), func(b *testing.B) {
			table, arrivals := mirrors(size.sessions, size.sources)
			ledger := NewLedger(Limits{})
			b.ReportAllocs()
			ledger.Begin(table)
			sequence, at := uint32(0), 0
			for b.Loop() {
				list := arrivals[at : at+Together]
				if at += Together; at+Together > len(arrivals) {
					at = 0
				}
				for i := range list {
					sequence++
					binary.BigEndian.PutUint32(list[i].Payload[4:], sequence)
				}
				ledger.Take(list)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*Together), "ns/packet")
			ledger.End()
		})
	}
}
