package ringfile

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/pcapgo"

	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/capture/recording"
)

// stage is a packet path, and the files that its frames go to.
type stage struct {
	t      *testing.T
	dir    string
	broker *capture.Broker
	feed   *capture.Feed
	sent   uint64
	files  *Files
	stop   func()
}

// begin writes session "u1" into a directory until the test or stop ends it.
func begin(t *testing.T, dir string, l Limits) *stage {
	t.Helper()
	s := &stage{t: t, dir: dir, broker: capture.NewBroker()}
	s.feed = s.broker.Feed(0)
	frames := s.broker.Subscribe(capture.Want{Sessions: []string{"u1"}, Lasting: true})
	var err error
	s.files, err = New(Options{Directory: dir, Limits: l, Log: slog.New(slog.DiscardHandler), Rings: []Ring{{
		Name: "session-web-01", Frames: frames,
		Recording: recording.Options{Name: func(string, string) recording.Source { return recording.Source{VM: "web-01", NIC: "Network adapter 1"} }},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.files.Run(ctx) }()
	s.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		frames.Close()
		s.stop = func() {}
	}
	t.Cleanup(func() { s.stop() })
	return s
}

// send sends n frames of a size, each with the next number.
func (s *stage) send(n, size int) {
	for range n {
		inner := make([]byte, size)
		inner[12], inner[13] = 0x88, 0xB5 // an EtherType for experiments
		binary.BigEndian.PutUint64(inner[14:], s.sent)
		payload := append([]byte{0, 0, 0x65, 0x58}, inner...)
		s.feed.Offer(&capture.Original{Time: time.Now(), Source: netip.AddrFrom4([4]byte{10, 0, 0, 11}), Payload: payload, UID: "u1", PortKey: "112"})
		s.sent++
	}
	s.feed.Flush()
}

func (s *stage) status() Status { return s.files.Status()[0] }

// patience is far above what anything here takes.
const patience = 20 * time.Second

// until waits for something that another goroutine and the disk do.
func (s *stage) until(what string, ok func() bool) {
	s.t.Helper()
	for began := time.Now(); !ok(); time.Sleep(time.Millisecond) { // the disk has no channel to wait on
		if time.Since(began) > patience {
			s.t.Fatalf("%s: it never happened: %+v", what, s.status())
		}
	}
}

// names lists the directory; one that is not there yet is empty.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// numbers reads the complete files in the order of their names and returns the numbers of their frames.
func numbers(t *testing.T, dir string) []uint64 {
	t.Helper()
	var list []uint64
	for _, name := range names(t, dir) {
		if strings.HasSuffix(name, extension) {
			list = append(list, numbersIn(t, filepath.Join(dir, name))...)
		}
	}
	return list
}

func numbersIn(t *testing.T, path string) []uint64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapgo.NewNgReader(f, pcapgo.NgReaderOptions{})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var list []uint64
	for {
		b, _, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatalf("%s after %d frames: %v", path, len(list), err)
		}
		list = append(list, binary.BigEndian.Uint64(b[14:]))
	}
}

// consecutive reports where numbers do not follow one another.
func consecutive(t *testing.T, list []uint64) {
	t.Helper()
	for i := 1; i < len(list); i++ {
		if list[i] != list[i-1]+1 {
			t.Fatalf("frame %d follows %d", list[i], list[i-1])
		}
	}
}
