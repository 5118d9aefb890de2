package stream

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// However segments are cut, repeated and mixed, the bytes come out as they were sent; what is lost comes out as missing, in its place.
func TestBytesComeOutAsTheyWereSent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent := rapid.SliceOfN(rapid.Byte(), 1, 3000).Draw(t, "sent")
		isn := rapid.Uint32().Draw(t, "isn")
		lost := make([]bool, len(sent))
		var segments []Segment
		for at := 0; at < len(sent); {
			n := rapid.IntRange(1, 400).Draw(t, "length")
			end := min(at+n, len(sent))
			switch rapid.SampledFrom([]string{"", "", "", "lost", "twice", "overlapping"}).Draw(t, "fate") {
			case "lost":
				for i := at; i < end; i++ {
					lost[i] = true
				}
			case "twice":
				segments = append(segments, Segment{Seq: isn + 1 + uint32(at), Data: sent[at:end]})
				fallthrough
			case "":
				segments = append(segments, Segment{Seq: isn + 1 + uint32(at), Data: sent[at:end]})
			default:
				from := max(at-50, 0)
				for i := from; i < end; i++ {
					lost[i] = false
				}
				segments = append(segments, Segment{Seq: isn + 1 + uint32(from), Data: sent[from:end]})
			}
			at = end
		}
		segments = rapid.Permutation(segments).Draw(t, "order")
		var want, got []byte
		for i, b := range sent {
			if lost[i] {
				b = '?'
			}
			want = append(want, b)
		}
		h := NewHalf(Limits{Segments: len(segments) + 1})
		take := func(c Chunk) {
			got = append(append(got, c.Data...), bytes.Repeat([]byte{'?'}, int(c.Missing))...)
		}
		h.Segment(Segment{Time: began, Seq: isn, SYN: true}, take)
		for _, s := range segments {
			s.Time = began
			h.Segment(s, take)
		}
		h.Acknowledged(isn+1+uint32(len(sent)), began, take)
		h.Flush(began, take)
		if len(got) == len(want)-1 && lost[len(lost)-1] {
			want = want[:len(got)] // one byte at the end may be a FIN
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%d bytes in %d segments:\n%q\n%q", len(sent), len(segments), got, want)
		}
	})
}

func TestWhatIsHeldIsBounded(t *testing.T) {
	h := NewHalf(Limits{Bytes: 10_000, Segments: 20})
	var missing, seen uint64
	take := func(c Chunk) { missing, seen = missing+c.Missing, seen+uint64(len(c.Data)) }
	h.Segment(Segment{Time: began, Seq: 0, SYN: true}, take)
	for i := range 1000 {
		h.Segment(Segment{Time: began, Seq: uint32(101 + 1000*i), Data: make([]byte, 900)}, take)
		if h.held > 10_000 || len(h.pending) > 20 {
			t.Fatalf("%d bytes in %d pieces held", h.held, len(h.pending))
		}
	}
	h.Flush(began, take)
	if seen != 900_000 || missing != 100_000 {
		t.Errorf("%d bytes, %d missing", seen, missing)
	}
}

// What its receiver has and does not come is given up after a while, and not before.
func TestPatience(t *testing.T) {
	h := NewHalf(Limits{})
	var got []Chunk
	take := func(c Chunk) { got = append(got, Chunk{c.Time, bytes.Clone(c.Data), c.Missing}) }
	h.Segment(Segment{Time: began, Seq: 0, SYN: true}, take)
	h.Segment(Segment{Time: began, Seq: 11, Data: []byte("later")}, take)
	h.Acknowledged(16, began, take)
	h.Acknowledged(16, began.Add(patience), take)
	if len(got) != 0 {
		t.Fatalf("given up early: %+v", got)
	}
	h.Acknowledged(16, began.Add(patience+1), take)
	if len(got) != 2 || got[0].Missing != 10 || string(got[1].Data) != "later" {
		t.Errorf("%+v", got)
	}
}

func FuzzHalf(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 1, 2, 200, 0, 0, 10, 3, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		h := NewHalf(Limits{Bytes: 200, Segments: 4})
		var out uint64
		take := func(c Chunk) { out += uint64(len(c.Data)) }
		in := uint64(0)
		for i := 0; len(b) >= 6; i++ {
			seq := uint32(b[0])<<24 | uint32(b[1])<<8 | uint32(b[2])
			n := min(int(b[3]), len(b)-6)
			now := began.Add(time.Duration(i) * time.Second)
			if b[4]&1 != 0 {
				h.Acknowledged(seq, now, take)
			}
			h.Segment(Segment{Time: now, Seq: seq, SYN: b[4]&2 != 0, Data: b[6 : 6+n], Length: int(b[5])}, take)
			in += uint64(n)
			if h.held > 200 || len(h.pending) > 4 {
				t.Fatalf("%d bytes in %d pieces held", h.held, len(h.pending))
			}
			b = b[6+n:]
		}
		h.Flush(began.Add(time.Hour), take)
		if out > in {
			t.Fatalf("%d bytes came in, %d out", in, out)
		}
	})
}
