package gre

import (
	"bytes"
	"testing"
)

// FuzzParse holds Parse to a value or an error, never both and never neither, and
// to its inverse.
func FuzzParse(f *testing.F) {
	for _, p := range packets {
		f.Add(unhex(f, p.hex))
	}
	f.Add(unhex(f, "3081 880b 00040000 00000001"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, payload, err := Parse(b)
		if err != nil {
			if r, ok := err.(Refusal); !ok || r == 0 || r >= NumRefusals {
				t.Fatalf("error %v is not a refusal", err)
			}
			if h != (Header{}) || payload != nil {
				t.Fatalf("refused (%v), and yet %+v, %x", err, h, payload)
			}
			return
		}
		if payload == nil || len(payload) != len(b)-h.Len() {
			t.Fatalf("payload of %d bytes behind a header of %d in %d", len(payload), h.Len(), len(b))
		}
		again, rest, err := Parse(append(h.Append(nil), payload...))
		if err != nil || again != h || !bytes.Equal(rest, payload) {
			t.Fatalf("%+v came back as %+v, %v", h, again, err)
		}
	})
}
