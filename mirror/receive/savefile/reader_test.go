package savefile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// sampleFiles are one file of each format with the offsets at which it may end,
// each of them behind one packet more.
func sampleFiles() map[string][][]byte {
	modified := pcapMaker{orders["big-endian"], magicModified, 2, 3, uint32(LinkEthernet)}
	m := plainPcapng
	return map[string][][]byte{
		"pcap":          {plainPcap.header(), plainPcap.whole([]byte("one")), plainPcap.whole(nil), plainPcap.whole([]byte("three"))},
		"pcap modified": {modified.header(), modified.record(1, 2, 3, 2, []byte("on")), modified.whole([]byte("two"))},
		"pcapng": {join(m.section(), m.iface(LinkRaw, 2)), m.enhanced(0, 1, []byte("one")), m.simple(3, []byte("tw")),
			m.obsolete(0, 3, []byte("three")), join(m.block(99, []byte("skipped")), m.enhanced(0, 4, nil))},
	}
}

// A file that breaks off anywhere gives the packets that are whole, and says of
// which packet a part is missing.
func TestBrokenOff(t *testing.T) {
	for name, parts := range sampleFiles() {
		file := bytes.Join(parts, nil)
		all, err := readBytes(file)
		if err != nil || len(all) != len(parts)-1 {
			t.Fatalf("%s: %v, %d packets, want %d", name, err, len(all), len(parts)-1)
		}
		for n := len(parts[0]); n < len(file); n++ {
			whole, end := 0, len(parts[0])
			for end+len(parts[whole+1]) <= n {
				whole++
				end += len(parts[whole])
			}
			got, err := readBytes(file[:n])
			switch between := n == end || bytes.HasSuffix(file[:n], plainPcapng.block(99, []byte("skipped"))); {
			case between && err != nil:
				t.Errorf("%s cut between packets at %d: %v", name, n, err)
			case !between && (!errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(err.Error(), fmt.Sprintf("packet %d", whole+1))):
				t.Errorf("%s cut at %d, in packet %d: %v", name, n, whole+1, err)
			}
			if fmt.Sprint(got) != fmt.Sprint(all[:whole]) {
				t.Errorf("%s cut at %d: %v, want %v", name, n, got, all[:whole])
			}
		}
	}
}

// How the input is cut into reads does not matter.
func TestSmallReads(t *testing.T) {
	for name, parts := range sampleFiles() {
		for format, file := range map[string][]byte{"plain": join(parts...), "gzip": gzipped(t, join(parts...))} {
			want, _ := readBytes(file)
			for how, wrap := range map[string]func(io.Reader) io.Reader{
				"one byte": iotest.OneByteReader, "half": iotest.HalfReader, "end with the data": iotest.DataErrReader,
			} {
				got, err := readAll(wrap(bytes.NewReader(file)))
				if err != nil || len(want) == 0 || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s, %s, %s: %v, %v, want %v", name, format, how, err, got, want)
				}
			}
		}
	}
}

// A packet that is whole is handed out before more input is waited for.
func TestLiveInput(t *testing.T) {
	for name, parts := range sampleFiles() {
		for format, send := range map[string]func(io.Writer) io.Writer{
			"plain": func(w io.Writer) io.Writer { return w },
			"gzip":  func(w io.Writer) io.Writer { return flushing{gzip.NewWriter(w)} },
		} {
			in, feed := io.Pipe()
			asked := make(chan int) // the parts wanted so far
			go func() {
				w := send(feed)
				for n := range asked {
					if _, err := w.Write(parts[n]); err != nil {
						return
					}
				}
				feed.Close()
			}()
			asked <- 0
			r, err := NewReader(in)
			if err != nil {
				t.Fatal(err)
			}
			for n := 1; n < len(parts); n++ {
				asked <- n
				if _, err := r.Next(); err != nil { // it would wait for ever for what was not asked for
					t.Errorf("%s, %s: packet %d: %v", name, format, n, err)
				}
			}
			close(asked)
			if _, err := r.Next(); (err != io.EOF) != (format == "gzip") { // the gzip stream has no end
				t.Errorf("%s, %s: at the end: %v", name, format, err)
			}
			in.Close()
		}
	}
}

// flushing sends on what it is given at once.
type flushing struct{ *gzip.Writer }

func (f flushing) Write(b []byte) (int, error) {
	if _, err := f.Writer.Write(b); err != nil {
		return 0, err
	}
	return len(b), f.Flush()
}

func TestReadErrors(t *testing.T) {
	broken := errors.New("input/output error")
	for name, parts := range sampleFiles() {
		file := join(parts...)
		for _, n := range []int{0, 2, len(parts[0]) - 1, len(parts[0]), len(file) - 1, len(file)} {
			got, err := readAll(io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken)))
			if !errors.Is(err, broken) || errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: after %d bytes: %v, want the error of the input", name, n, err)
			}
			if n == len(file) && len(got) != len(parts)-1 {
				t.Errorf("%s: %d packets before the error, want %d", name, len(got), len(parts)-1)
			}
		}
	}
	if _, err := readAll(idle{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("an input that gives nothing: %v", err)
	}
}

// idle has nothing and does not say that it has ended.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestGzipDamage(t *testing.T) {
	first := join(plainPcap.header(), plainPcap.whole([]byte("first")))
	second := plainPcap.whole([]byte("second"))
	members := join(gzipped(t, first), gzipped(t, second)) // as after cat a.gz b.gz
	if got, err := readBytes(members); err != nil || len(got) != 2 {
		t.Errorf("two members: %v, %v", got, err)
	}
	wrongSum := gzipped(t, join(first, second))
	wrongSum[len(wrongSum)-8]++
	for name, c := range map[string]struct {
		file []byte
		want error
	}{
		"cut behind the last packet": {members[:len(members)-4], io.ErrUnexpectedEOF},
		"wrong checksum":             {wrongSum, gzip.ErrChecksum},
	} {
		got, err := readBytes(c.file)
		if !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), "packet 3: ") || len(got) != 2 {
			t.Errorf("%s: %v after %d packets, want %v of packet 3", name, err, len(got), c.want)
		}
	}
}

// repeated is a reader of some bytes so many times.
func repeated(b []byte, times int) io.Reader {
	parts := make([]io.Reader, times)
	for i := range parts {
		parts[i] = bytes.NewReader(b)
	}
	return io.MultiReader(parts...)
}

// spent is what f allocates, bytes.
func spent(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestMemory(t *testing.T) {
	m := plainPcapng
	start := join(m.section(), m.iface(LinkRaw, 0))
	long := make([]byte, 1<<20)
	for name, c := range map[string]struct {
		input io.Reader
		most  uint64
		want  error
	}{
		"a length that lies": {bytes.NewReader(join(start, m.words(uint32(enhancedPacket), MaxBlock), long[:100])), 2 * chunk, io.ErrUnexpectedEOF},
		"a long block of no interest": {
			io.MultiReader(bytes.NewReader(join(start, m.words(99, 100<<20+blockMinimum))), repeated(long, 100), bytes.NewReader(m.words(100<<20+blockMinimum))),
			2 * chunk, nil,
		},
		"a section of the greatest length": {
			io.MultiReader(bytes.NewReader(join(start, m.words(uint32(sectionHeader), MaxBlock, byteOrderMagic, 1))), repeated(long, 15),
				bytes.NewReader(make([]byte, 1<<20-20)), bytes.NewReader(m.words(MaxBlock))),
			2*MaxBlock + 2*chunk, nil,
		},
	} {
		used := spent(func() {
			if _, err := readAll(c.input); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		})
		if used > c.most {
			t.Errorf("%s: %d bytes allocated, more than %d", name, used, c.most)
		}
	}
}

func TestPacketsAllocateNothing(t *testing.T) {
	for name, parts := range sampleFiles() {
		r, err := NewReader(io.MultiReader(bytes.NewReader(parts[0]), &endless{packet: parts[1]}))
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(10_000, func() {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations for each packet", name, n)
		}
	}
}

// endless repeats a packet for ever.
type endless struct{ packet, rest []byte }

func (e *endless) Read(b []byte) (int, error) {
	for n := 0; ; {
		if len(e.rest) == 0 {
			e.rest = e.packet
		}
		got := copy(b[n:], e.rest)
		e.rest = e.rest[got:]
		if n += got; n == len(b) {
			return n, nil
		}
	}
}
