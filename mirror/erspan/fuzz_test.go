package erspan

import (
	"reflect"
	"testing"

	"github.com/vspan-io/vspan/mirror/gre"
)

// FuzzDecapsulate holds Decapsulate to a value or an error, never both and never
// neither, and to its inverse.
func FuzzDecapsulate(f *testing.F) {
	for _, p := range packets {
		f.Add(unhex(f, p.hex+arp))
	}
	f.Add(unhex(f, type3("0000 7c00", subHeader+arp)))
	f.Add(unhex(f, type3("0000 0801", subHeader+"4500001400000000400100000a0000010a000002")))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decapsulate(b)
		checkSkim(t, b, p, err)
		if err != nil {
			switch r := err.(type) {
			case Refusal:
				if r == 0 || r >= NumRefusals {
					t.Fatalf("refusal %d does not exist", r)
				}
			case gre.Refusal:
			default:
				t.Fatalf("error %v is not a refusal", err)
			}
			if !reflect.DeepEqual(p, Packet{}) {
				t.Fatalf("refused (%v), and yet %+v", err, p)
			}
			return
		}
		if p.Type == 0 || len(p.Frame) < p.Header.minFrame() {
			t.Fatalf("accepted without a type or a frame: %+v", p)
		}
		again, err := Decapsulate(p.Append(nil))
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%+v came back as %+v, %v", p, again, err)
		}
	})
}
