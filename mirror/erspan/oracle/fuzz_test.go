package oracle_test

import (
	"testing"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// FuzzDatagram reads a datagram from its outer IP header to the inner ports. At
// every layer there is a value or an error, and no layer sees more than the one
// before it left.
func FuzzDatagram(f *testing.F) {
	for _, c := range packets() {
		f.Add(c.wire(f)[frame.EthernetLen:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ip, payload, err := frame.ParseIP(b)
		if (err == nil) != ip.Src.IsValid() || len(payload) > len(b) {
			t.Fatalf("%+v and %v, %d bytes of %d", ip, err, len(payload), len(b))
		}
		p, err := erspan.Decapsulate(payload)
		if (err == nil) != (p.Type != 0) || len(p.Frame) > len(payload) {
			t.Fatalf("%+v and %v, of %d bytes", p, err, len(payload))
		}
		inner, err := frame.Parse(p.Frame)
		if p.Type != 0 && !p.Header.IPOnly && err != nil {
			t.Fatalf("decapsulated a frame that is none: %x: %v", p.Frame, err)
		}
		if len(inner.Payload) > len(p.Frame) || inner.HasPorts && inner.IP.FragmentOffset != 0 {
			t.Fatalf("%x became %+v", p.Frame, inner)
		}
	})
}
