//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/sequence"
)

// steps are how one number follows another: mostly by one, and otherwise near
// every limit there is.
func steps(t *rapid.T) []uint32 {
	step := rapid.OneOf(
		rapid.Just[int64](1), rapid.Just[int64](1), rapid.Just[int64](1), rapid.Just[int64](0),
		rapid.Int64Range(-5, 10), rapid.Int64Range(-80, 80), rapid.Int64Range(-1030, -1018), rapid.Int64Range(1015, 1030),
		rapid.Int64Range(-1100, 1100), rapid.Int64Range(65530, 65540), rapid.Int64Range(-1<<31, 1<<31),
	)
	n := rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(1<<32-1500, 1<<32-1), rapid.Just[uint32](0)).Draw(t, "first")
	numbers := []uint32{n}
	for range rapid.IntRange(0, 40).Draw(t, "repeats") {
		numbers = append(numbers, n)
	}
	for _, by := range rapid.SliceOfN(step, 0, 200).Draw(t, "steps") {
		n += uint32(by)
		numbers = append(numbers, n)
	}
	return numbers
}

// The kernel comes to the same numbers as user space, of a stream by itself and
// of several sessions that are counted together or apart.
func TestNumbers(t *testing.T) {
	p := newProgram(t, Options{}, bestVariant(t))
	var resets, strays, late uint64
	rapid.Check(t, func(t *rapid.T) {
		m := newModel()
		one := Stream{Src: v4a, Dst: v4b, Type: erspan.TypeII, ID: 1}
		two := Stream{Src: v4a, Dst: v4b, Type: erspan.TypeII, ID: 2}
		streams := []Stream{one, two, wholeOf(one)}
		if rapid.Bool().Draw(t, "no whole") {
			streams = streams[:2]
		}
		for _, s := range streams {
			m.streams[s] = new(sequence.Space)
		}
		if err := p.AdmitStreams(streams...); err != nil {
			t.Fatal(err)
		}
		for _, n := range steps(t) {
			s := rapid.SampledFrom(streams[:2]).Draw(t, "stream")
			packet := carry(s.Src, s.Dst, numbered2(s.ID, n, mirrored(vmA, vmB, 40)))
			if m.take(packet); p.run(packet) != pass {
				t.Fatal("dropped, although no conversation is admitted")
			}
		}
		last, err := p.RetireStreams(streams...)
		if err != nil || len(last) != len(streams) {
			t.Fatalf("%d streams retired: %v", len(last), err)
		}
		for _, got := range last {
			if diff := cmp.Diff(m.numbers(got.Stream), got.Numbers); diff != "" {
				t.Fatalf("%+v: %s", got.Stream, diff)
			}
			resets, strays, late = resets+got.Resets, strays+got.Strays, late+got.Reordered
		}
	})
	if resets == 0 || strays == 0 || late == 0 {
		t.Errorf("%d resets, %d strays, %d late: the numbers are too tame", resets, strays, late)
	}
}

// An exporter that counts each session apart makes nonsense of the whole: the
// program comes to let it rest as user space does, and to try it again. Here it
// counts them together from some time on, and the next trial finds it out.
func TestWholeRests(t *testing.T) {
	p := newProgram(t, Options{}, bestVariant(t))
	m := newModel()
	whole := Stream{Src: v4a, Dst: v4b, Whole: true}
	streams := []Stream{whole}
	for id := range uint16(4) {
		streams = append(streams, Stream{Src: v4a, Dst: v4b, Type: erspan.TypeII, ID: id})
	}
	for _, s := range streams {
		m.streams[s] = new(sequence.Space)
	}
	must(t, p.AdmitStreams(streams...))
	frame := mirrored(vmA, vmB, 40)
	const apart, together = 2*sequence.TrialLength + sequence.TrialRest/2, sequence.TrialRest/2 + 4*sequence.TrialLength
	for i := range uint32(apart + together) {
		session, n := i/2%4, i
		if i < apart { // two in turn of each seem to be a new beginning
			n = i/8*2 + i%2 + session<<29
		}
		s := streams[1+session]
		packet := carry(s.Src, s.Dst, numbered2(s.ID, n, frame))
		if m.take(packet); p.run(packet) != pass {
			t.Fatal("dropped, although no conversation is admitted")
		}
	}
	last, err := p.RetireStreams(streams...)
	must(t, err)
	for _, got := range last {
		if diff := cmp.Diff(m.numbers(got.Stream), got.Numbers); diff != "" {
			t.Errorf("%+v: %s", got.Stream, diff)
		}
	}
	if n := m.streams[whole].Packets; n != apart+together-sequence.TrialRest {
		t.Errorf("the whole took %d numbers of %d", n, apart+together)
	}
}
