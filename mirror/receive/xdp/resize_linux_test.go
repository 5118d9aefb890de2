//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror/erspan"
)

// What has places has them in a table of any size that has room, and is found there with all that was said of it; what was not there is not
// found, and beyond the places in use nothing is left.
func TestPlacesMove(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 5))
		table := newPlaces(4096, seed)
		at := map[conversationKey]uint32{}
		for slot := range uint32(500) {
			var key conversationKey
			key.Low.Stream.Kind = []uint8{3, 3 | overVersion6}[r.IntN(2)]
			binary.LittleEndian.PutUint64(key.SrcHigh[:], r.Uint64N(3))
			binary.LittleEndian.PutUint16(key.Low.FrameSrc[:], uint16(r.IntN(300)))
			if _, known := at[key]; !known {
				at[key], _ = table.take(key, slot, int(slot), linksOf(slot, slot))
				table.at(at[key]).Sums.Packets = uint64(slot)
			}
			if r.IntN(4) == 0 {
				table.leave(at[key])
				delete(at, key)
			}
		}
		for range 6 {
			n := 1024 << r.IntN(3)
			keys, from := make([]conversationKey, 0, len(at)), make([]uint32, 0, len(at))
			before := map[conversationKey]placeValue{}
			for key, place := range at {
				keys, from, before[key] = append(keys, key), append(from, place), *table.at(place)
			}
			to, ok := table.plan(n, from)
			if !ok {
				t.Fatalf("seed %d: %d find no places among %d", seed, len(from), n)
			}
			table.move(n, from, to, table.hide(from))
			for i, key := range keys {
				at[key] = to[i]
				slot, found := table.lookUp(key)
				if now := *table.at(to[i]); !found || slot != uint32(now.Sums.Packets) || now != before[key] {
					t.Fatalf("seed %d: of %+v there is %+v, found %t", seed, before[key], now, found)
				}
			}
			if table.taken() != len(at) || int(*table.mask) != n-1 {
				t.Fatalf("seed %d: %d of %d places taken, want %d of %d", seed, table.taken(), *table.mask+1, len(at), n)
			}
			for i := n; i < len(table.all); i++ {
				if table.all[i].Key.What != placeVacant {
					t.Fatalf("seed %d: something is left at %d beyond %d places", seed, i, n)
				}
			}
		}
	}
}

// Who finds no place among fewer stays where it is.
func TestPlanWithoutRoom(t *testing.T) {
	table := newPlaces(1024, 7)
	var from []uint32
	for i := range uint16(500) {
		var key conversationKey
		key.Low.Stream.Kind = 3
		binary.LittleEndian.PutUint16(key.Low.FrameSrc[:], i)
		place, _ := table.take(key, uint32(i), 0, 0)
		from = append(from, place)
	}
	if _, ok := table.plan(256, from); ok {
		t.Fatal("500 have places among 256")
	}
	if table.taken() != 500 {
		t.Fatalf("%d places taken", table.taken())
	}
}

// crowd are conversations that differ from conversation2's.
func crowd(n int) (list []Conversation) {
	for i := range n {
		c := Conversation{Src: v4a, Dst: v4b, Type: erspan.TypeII, ID: 9, FrameSrc: vmB, FrameDst: vmA}
		binary.BigEndian.PutUint16(c.FrameSrc[4:], uint16(i))
		list = append(list, c)
	}
	return list
}

// admitCrowd admits them one by one, as they come to be known.
func (p *program) admitCrowd(list []Conversation) {
	p.t.Helper()
	for _, c := range list {
		must(p.t, p.Admit(Admission{Conversation: c}))
	}
}

// What was counted stays counted when others make more places necessary, and fewer.
func TestTableGrowsAndShrinks(t *testing.T) {
	p := newProgram(t, Options{}, bestVariant(t))
	c, packet := conversation2(7, 3)
	cut := carry(v4a, v4b, numbered2(7, 3, mirrored(vmA, vmB, 60)[:54]))
	must(t, p.AdmitStreams(c.Stream(), c.whole()))
	must(t, p.Admit(Admission{Conversation: c, SnapLength: 64}))
	size := func() int { return len(p.kernel.places.of) }
	many := crowd(2000)
	sizes := []int{size()}
	count := func() Count {
		t.Helper()
		for _, b := range [][]byte{packet, cut} {
			if got := p.run(b); got != drop {
				t.Fatalf("at %d places: verdict %d", size(), got)
			}
		}
		for _, each := range p.harvest().Conversations {
			if each.Conversation == c {
				return each
			}
		}
		t.Fatal("not there")
		return Count{}
	}
	first := count()
	p.admitCrowd(many)
	sizes = append(sizes, size())
	second := count()
	_, err := p.Retire(many...)
	must(t, err)
	sizes = append(sizes, size())
	third := count()
	if diff := cmp.Diff([]int{1024, 4096, 1024}, sizes); diff != "" {
		t.Errorf("places: %s", diff)
	}
	for i, got := range []Count{first, second, third} {
		n := uint64(i + 1)
		if got.Packets != 2*n || got.Truncated != n || got.Missing != 20*n || got.Bytes != 2*n*74 || got.Slot != first.Slot || !got.First.Equal(first.First) {
			t.Errorf("%d: %+v", i, got)
		}
	}
}

// While places are moved a packet is either counted or passed up.
func TestNothingIsMissedWhileTheTableGrows(t *testing.T) {
	p := newProgram(t, Options{}, bestVariant(t))
	c, packet := conversation2(7, 3)
	must(t, p.Admit(Admission{Conversation: c}))
	over, ended := make(chan struct{}), make(chan struct{})
	var dropped atomic.Uint64
	var sending sync.WaitGroup
	sending.Go(func() {
		defer close(ended)
		for {
			select {
			case <-over:
				return
			default:
			}
			verdict, err := p.code.Run(&ebpf.RunOptions{Data: packet})
			if err != nil {
				t.Error(err)
				return
			}
			if verdict == drop {
				dropped.Add(1)
			}
		}
	})
	resize := func(conversations int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		must(t, p.fit(conversations))
	}
	another := func() bool { // packet is counted, however short the moments are in which one can be
		for before := dropped.Load(); dropped.Load() == before; runtime.Gosched() {
			select {
			case <-ended:
				return false
			default:
			}
		}
		return true
	}
	for i := 0; i < 300 && another(); i++ {
		resize(2000)
		resize(1)
	}
	close(over)
	sending.Wait()
	last, err := p.Retire(c)
	must(t, err)
	if last[0].Packets != dropped.Load() {
		t.Errorf("%d packets were dropped, and %d counted", dropped.Load(), last[0].Packets)
	}
}
