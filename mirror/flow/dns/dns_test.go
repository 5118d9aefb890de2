package dns

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	query  = "0007 0100 0001 0000 0000 0000 03777777 076578616d706c65 00 0001 0001"
	answer = "0007 8183 0001 0002 0000 0001 03777777 076578616d706c65 00 0001 0001" +
		"c00c 0005 0001 0000003c 0004 016d c010" + "c029 0001 0001 0000003c 0004 c0000201" + "00 0029 04d0 00000000 0000"
)

func TestParse(t *testing.T) {
	q := []Question{{"www.example", TypeA, 1}}
	for _, c := range []struct {
		name, hex string
		want      Message
	}{
		{"query", query, Message{ID: 7, RecursionDesired: true, Questions: q}},
		{"answer", answer, Message{ID: 7, Response: true, RecursionDesired: true, RecursionAvailable: true, Code: 3, Questions: q,
			Answers:     []Record{{"www.example", TypeCNAME, 1, 60, "m.example"}, {"m.example", TypeA, 1, 60, "192.0.2.1"}},
			Additionals: []Record{{".", TypeOPT, 0x04D0, 0, ""}}}},
		{"odd bytes in a name", "0007 0000 0001 0000 0000 0000 04 2e5c0a41 00 0010 0001", Message{ID: 7, Questions: []Question{{`\.\\\010A`, TypeTXT, 1}}}},
		{"a loop", "0007 0000 0001 0001 0000 0000 0161 00 0001 0001 c013 0001 0001", Message{ID: 7, Questions: []Question{{"a", TypeA, 1}}, Cut: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := Parse(unhex(t, c.hex)); !ok || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%v %+v\nwant %+v", ok, got, c.want)
			}
		})
	}
	if m, ok := Parse([]byte("GET / HTTP/1.1\r\n\r\n")); ok {
		t.Errorf("HTTP became %+v", m)
	}
}

func TestFramer(t *testing.T) {
	message := unhex(t, query)
	framed := append([]byte{0, byte(len(message))}, message...)
	all := append(bytes.Clone(framed), framed...)
	for n := range all {
		var r Framer
		whole := 0
		count := func(b []byte) {
			if bytes.Equal(b, message) {
				whole++
			}
		}
		r.Take(all[:n], 0, count)
		r.Take(all[n:], 0, count)
		if whole != 2 {
			t.Fatalf("cut at %d: %d messages", n, whole)
		}
	}
	var r Framer
	whole := 0
	r.Take(all[:10], 0, func([]byte) { whole++ })
	r.Take(all[15:], 5, func([]byte) { whole++ }) // the gap is within the first
	if whole != 1 {
		t.Errorf("%d messages behind a gap", whole)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(unhex(f, query))
	f.Add(unhex(f, answer))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, ok := Parse(b)
		if !ok {
			return
		}
		if n := len(m.Questions) + len(m.Answers) + len(m.Authorities) + len(m.Additionals); n > MaxRecords {
			t.Fatalf("%d records", n)
		}
		for _, q := range m.Questions {
			if len(q.Name) > 4*maxName || strings.ContainsAny(q.Name, "\n\x00\x1b") {
				t.Fatalf("name %q", q.Name)
			}
		}
	})
}

func FuzzFramer(f *testing.F) {
	f.Add([]byte{0, 3, 1, 2, 3, 0, 1, 9}, uint8(4), uint16(2))
	f.Fuzz(func(t *testing.T, b []byte, cut uint8, missing uint16) {
		var r Framer
		out := 0
		n := min(int(cut), len(b))
		take := func(m []byte) { out += len(m) }
		r.Take(b[:n], 0, take)
		r.Take(b[n:], uint64(missing), take)
		if out > len(b) || len(r.buffer) > maxMessage+2 {
			t.Fatalf("%d bytes in, %d out, %d held", len(b), out, len(r.buffer))
		}
	})
}
