package capturing

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/capture/pcapng"
	"github.com/vspan-io/vspan/mirror/capture/recording"
)

var arp = append([]byte("\xff\xff\xff\xff\xff\xff\x00\x50\x56\x00\x00\x01\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01\x00\x50\x56\x00\x00\x01\x0a\x01\x00\x01"+
	"\x00\x00\x00\x00\x00\x00\x0a\x01\x00\x02"), make([]byte, 18)...)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// file is a capture of four frames, two of which something was lost before.
func file(f recording.Format, ended bool) []byte {
	r := recording.New(recording.Options{Format: f, Name: func(_, _ string) recording.Source {
		return recording.Source{Session: "s", VM: "web-01\x1b[31m", NIC: "nic"}
	}})
	b := r.Begin(nil, noon)
	for i := range 4 {
		frame := &capture.Frame{
			Time: noon.Add(time.Duration(i) * time.Second).UnixNano(), UID: "u", PortKey: "1", Host: "esx", Exporter: netip.MustParseAddr("10.0.0.11"),
			Direction: mirror.FromVM + mirror.Direction(i%2), Data: arp, Length: len(arp),
		}
		if i == 2 {
			frame.Gap, frame.Lost = 3, 5
		}
		b = r.Append(b, frame)
	}
	if ended {
		b = r.End(b, noon, 0)
	}
	return b
}

func TestCopyIsTheSameFile(t *testing.T) {
	for _, f := range []recording.Format{recording.PCAPNG, recording.PCAP} {
		for name, in := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "with its end": iotest.DataErrReader,
		} {
			var out bytes.Buffer
			var counts Counts
			if err := Copy(t.Context(), &out, in(bytes.NewReader(file(f, true))), &counts); err != nil || !bytes.Equal(out.Bytes(), file(f, true)) {
				t.Errorf("%s: %v, %d bytes", name, err, out.Len())
			}
			if n, bytes := counts.Packets.Load(), counts.Bytes.Load(); n != 4 || bytes != 4*60 {
				t.Errorf("%s: %d packets, %d bytes", name, n, bytes)
			}
			if lost := counts.Lost.Load(); f == recording.PCAPNG && lost != 5 {
				t.Errorf("%s: %d lost", name, lost)
			}
		}
	}
}

// Wherever it is cut off, what is written is a whole file with statistics at its end, and the error is told.
func TestCopyOfWhatIsCutOff(t *testing.T) {
	whole := file(recording.PCAPNG, false)
	for cut := 1; cut < len(whole); cut += 7 {
		var out bytes.Buffer
		var counts Counts
		err := Copy(t.Context(), &out, bytes.NewReader(whole[:cut]), &counts)
		if n, e := pcapng.Whole(bytes.NewReader(out.Bytes())); e != nil || n != int64(out.Len()) {
			t.Fatalf("cut at %d: %d of %d bytes are whole blocks, %v", cut, n, out.Len(), e)
		}
		if parts := pcapngEnds(whole); (err == nil) != parts[cut] {
			t.Errorf("cut at %d: %v", cut, err)
		}
		if counts.Packets.Load() > 0 && !bytes.Contains(out.Bytes(), []byte("the daemon was gone before the capture ended")) {
			t.Errorf("cut at %d: no statistics", cut)
		}
	}
}

// pcapngEnds is where blocks end.
func pcapngEnds(b []byte) map[int]bool {
	ends := make(map[int]bool)
	for at := 0; at < len(b); {
		at += int(order.Uint32(b[at+4:]))
		ends[at] = true
	}
	return ends
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in := io.MultiReader(bytes.NewReader(file(recording.PCAPNG, false)), readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, context.Canceled
	}))
	var out bytes.Buffer
	if err := Copy(ctx, &out, in, new(Counts)); err != nil {
		t.Error(err)
	}
	s := NewScanner(&out)
	for {
		if _, err := s.Next(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if !s.Statistics || len(s.Interfaces) != 2 || s.Interfaces[0].Packets != 2 || s.Interfaces[0].Dropped != 5 {
		t.Errorf("interfaces %+v", s.Interfaces)
	}
}

// A reader that leaves without a word has the statistics of all that it has read for longer than a second, of each interface, once.
func TestCopyToLeaver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, daemon := io.Pipe()
		var mu sync.Mutex
		var out []byte // guarded by mu
		done := make(chan error)
		to := writerFunc(func(b []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			out = append(out, b...)
			return len(b), nil
		})
		go func() { done <- CopyToLeaver(t.Context(), to, in, new(Counts), time.Second) }()
		read := func() []byte {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return bytes.Clone(out)
		}
		told := func() int { return bytes.Count(read(), []byte("so far")) }
		if _, err := daemon.Write(file(recording.PCAPNG, false)); err != nil {
			t.Fatal(err)
		}
		if n := told(); n != 0 {
			t.Errorf("told %d times at once", n)
		}
		time.Sleep(100 * time.Millisecond) // the bubble's time: nobody waits
		if n := told(); n != 2 {
			t.Errorf("told who leaves soon %d times of two interfaces", n)
		}
		time.Sleep(5 * time.Second)
		if n := told(); n != 2 {
			t.Errorf("told %d times of two interfaces", n)
		}
		s := NewScanner(bytes.NewReader(read()))
		for err := error(nil); err != io.EOF; {
			if _, err = s.Next(); err != nil && err != io.EOF {
				t.Fatal(err)
			}
		}
		if !s.Statistics || len(s.Interfaces) != 2 || s.Interfaces[0].Dropped != 5 {
			t.Errorf("what was read is not complete: %+v", s.Interfaces)
		}
		_ = daemon.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := told(); n != 2 {
			t.Errorf("told %d times at the end", n)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestErrorsOfWriting(t *testing.T) {
	for _, pass := range []func(context.Context, io.Writer, io.Reader, *Counts) error{Copy, Print} {
		gone := writerFunc(func([]byte) (int, error) { return 0, syscall.EPIPE })
		if err := pass(t.Context(), gone, bytes.NewReader(file(recording.PCAPNG, true)), new(Counts)); !errors.Is(err, ErrReaderGone) {
			t.Errorf("nobody reads: %v", err)
		}
		full := writerFunc(func([]byte) (int, error) { return 0, syscall.ENOSPC })
		if err := pass(t.Context(), full, bytes.NewReader(file(recording.PCAPNG, true)), new(Counts)); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("a full disk: %v", err)
		}
	}
}

func TestPrint(t *testing.T) {
	var out strings.Builder
	if err := Print(t.Context(), &out, bytes.NewReader(file(recording.PCAPNG, true)), new(Counts)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("a terminal would be moved: %q", out.String())
	}
	want := []string{
		"-- mirrored by host esx (10.0.0.11) from here on", "from-vm ARP who has 10.1.0.2? tell 10.1.0.1",
		"-- mirrored by host esx (10.0.0.11) from here on", "to-vm ARP who has 10.1.0.2? tell 10.1.0.1",
		"-- 3 mirror packets were lost before this one", "-- 5 frames were not captured before this one: they were not read in time",
		"from-vm ARP who has 10.1.0.2? tell 10.1.0.1", "to-vm ARP who has 10.1.0.2? tell 10.1.0.1",
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "--") {
			_, line, _ = strings.Cut(line, " ")
		}
		got = append(got, strings.TrimSuffix(line, "\n"))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestFileTakesItsNameWhenItIsComplete(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(name, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("new"); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(name); err != nil || string(b) != "old" {
		t.Errorf("before: %q, %v", b, err)
	}
	if err := f.Finish(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if b, e := os.ReadFile(name); e != nil || err != nil || string(b) != "new" || info.Mode().Perm() != 0o600 {
		t.Errorf("after: %q, %v, %v", b, info.Mode(), errors.Join(e, err))
	}
	if f, err = Create(name); err != nil {
		t.Fatal(err)
	}
	if err := f.Abandon(); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(filepath.Dir(name)); err != nil || len(entries) != 1 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestWhileRead(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, stop := WhileRead(t.Context(), w)
	defer stop()
	if ctx.Err() != nil {
		t.Error("it ends while it is read")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
		if context.Cause(ctx) != ErrReaderGone {
			t.Errorf("%v", context.Cause(ctx))
		}
	case <-time.After(20 * time.Second):
		t.Error("that the reader has left is not noticed")
	}
}

// FuzzScanner: whatever a daemon sends, what is handed on are the bytes that came, in their order.
func FuzzScanner(f *testing.F) {
	f.Add(file(recording.PCAPNG, true))
	f.Add(file(recording.PCAP, true))
	f.Add(file(recording.PCAPNG, false)[:300])
	f.Fuzz(func(t *testing.T, in []byte) {
		s := NewScanner(bytes.NewReader(in))
		var out, line []byte
		for {
			p, err := s.Next()
			if err != nil {
				break
			}
			out = append(out, p.Raw...)
			if p.Packet {
				link := s.Link
				if !s.pcap {
					link = s.Interfaces[p.Interface].Link
				}
				line = AppendLine(line[:0], p, link, "")
				p.Comments()
			}
			s.More()
		}
		if !bytes.HasPrefix(in, out) {
			t.Errorf("%d bytes that did not come", len(out))
		}
		if bytes.IndexFunc(line, func(r rune) bool { return r < ' ' && r != '\n' }) >= 0 {
			t.Errorf("%q", line)
		}
	})
}
