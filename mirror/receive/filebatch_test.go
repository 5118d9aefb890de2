package receive

import (
	"bytes"
	"context"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/gopacket/gopacket/layers"
)

// batches notes how many datagrams each batch had.
type batches struct {
	t     *testing.T
	sizes []int
	open  bool
}

func (b *batches) Begin() {
	if b.open {
		b.t.Error("a batch begins within one")
	}
	b.open, b.sizes = true, append(b.sizes, 0)
}

func (b *batches) Take(list []Datagram) {
	if !b.open {
		b.t.Error("a datagram outside of a batch")
	}
	b.sizes[len(b.sizes)-1] += len(list)
}

func (b *batches) End() {
	if !b.open {
		b.t.Error("the end of no batch")
	}
	b.open = false
}

func runBatches(t *testing.T, in io.Reader) []int {
	t.Helper()
	b := &batches{t: t}
	f := NewFile(FileOptions{Reader: in})
	if err := f.Run(context.Background(), func(int) Handler { return b }); err != nil {
		t.Error(err)
	}
	if b.open {
		t.Error("the last batch has no end")
	}
	checkSum(t, f.Counters())
	return b.sizes
}

func TestFileBatches(t *testing.T) {
	four := ipv4(v4a, v4b, 47, part{}, greOf(10))
	other := ipv4(v4a, v4b, 6, part{}, greOf(10))
	many := slices.Repeat([][]byte{four}, 2*maxFileBatch+5)
	for name, c := range map[string]struct {
		packets [][]byte
		want    []int
	}{
		"none":              {nil, nil},
		"one":               {[][]byte{four}, []int{1}},
		"more than two":     {many, []int{maxFileBatch, maxFileBatch, 5}},
		"others among them": {[][]byte{other, four, other, four}, []int{2}},
	} {
		if got := runBatches(t, bytes.NewReader(pcapOf(layers.LinkTypeRaw, c.packets...))); !slices.Equal(got, c.want) {
			t.Errorf("%s: batches of %v, want %v", name, got, c.want)
		}
	}
}

// A batch ends before more of a live capture is waited for.
func TestFileBatchOfALiveCapture(t *testing.T) {
	four := ipv4(v4a, v4b, 47, part{}, greOf(10))
	parts := [][]byte{pcapOf(layers.LinkTypeRaw, four), pcapOf(layers.LinkTypeRaw, four, four)[24:], pcapOf(layers.LinkTypeRaw, four)[24:]}
	var readers []io.Reader // each is read by itself
	for _, part := range parts {
		readers = append(readers, bytes.NewReader(part))
	}
	if got := runBatches(t, io.MultiReader(readers...)); !slices.Equal(got, []int{1, 2, 1}) {
		t.Errorf("batches of %v, want 1, 2 and 1", got)
	}
}

// Neither packets of GRE nor those that are not read cost memory.
func TestFileAllocatesNothing(t *testing.T) {
	allocations := func(n int) float64 {
		packets := slices.Repeat([][]byte{ipv4(v4a, v4b, 47, part{}, greOf(10))}, n)
		links := []layers.LinkType{layers.LinkTypeRaw}
		mixed := pcapngOf(links, packets[0])
		for range n {
			mixed = append(mixed, pcapngOf([]layers.LinkType{layers.LinkTypeLinuxUSB}, packets[0])...) // a section of its own
		}
		files := [][]byte{pcapOf(layers.LinkTypeRaw, packets...), mixed}
		return testing.AllocsPerRun(5, func() {
			for _, file := range files {
				f := NewFile(FileOptions{Reader: bytes.NewReader(file)})
				if err := f.Run(context.Background(), Each(func(*Datagram) {})); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	if few, many := allocations(10), allocations(1000); many > few+1 {
		t.Errorf("%v allocations for 10 packets, %v for 1000", few, many)
	}
}

// What waits to be handed over is still what the file says when the input is read on in the middle of a batch, and when it is unzipped.
func TestFileHandsOverBeforeItReadsOn(t *testing.T) {
	var packets [][]byte
	for i := range 5 * maxFileBatch {
		gre := greOf(10 + 7*(i%97))
		gre[len(gre)-1] = byte(i)
		packets = append(packets, ipv4(v4a, v4b, 47, part{}, gre))
	}
	file := pcapOf(layers.LinkTypeRaw, packets...)
	for name, in := range map[string]io.Reader{
		"whole": bytes.NewReader(file), "little by little": iotest.HalfReader(bytes.NewReader(file)),
		"byte by byte": iotest.OneByteReader(bytes.NewReader(file)), "gzipped": bytes.NewReader(gzipped(file)),
	} {
		n := 0
		f := NewFile(FileOptions{Reader: in})
		err := f.Run(t.Context(), Each(func(d *Datagram) {
			if n < len(packets) && !bytes.Equal(d.Payload, packets[n][20:]) {
				t.Errorf("%s: datagram %d is another", name, n)
			}
			n++
		}))
		if err != nil || n != len(packets) {
			t.Errorf("%s: %d datagrams, %v", name, n, err)
		}
	}
}
