// Package oracle_test holds vspan's reading of conversations, streams, HTTP, DNS and TLS against that of tshark: over the frames that the
// samples of real senders mirror, and over traffic made here for what the samples do not have.
package oracle_test

import (
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/flow/follow"
	"github.com/vspan-io/vspan/mirror/frame"
)

// captured is a frame, and its length before it was cut; 0: it was not.
type captured struct {
	time   time.Time
	frame  []byte
	length int
}

// traffic is what was made, once for all tests: the same frames are the same file.
var (
	once    sync.Once
	traffic map[string][]captured
)

// cases are the frames of every sample and of all made traffic, by name.
func cases(t *testing.T) map[string][]captured {
	t.Helper()
	once.Do(func() { traffic = made(t) })
	all := maps.Clone(traffic)
	dir := os.Getenv("VSPAN_PCAPS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "pcaps")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Logf("no samples in %s: set VSPAN_PCAPS to where they are", dir)
	}
	for _, file := range files {
		if frames := mirrored(t, file); len(frames) > 0 {
			all[strings.TrimSuffix(filepath.Base(file), ".pcap")] = frames
		}
	}
	return all
}

// mirrored are the Ethernet frames that the packets of a file carry. Outer fragments, which come in order, are put together.
func mirrored(t *testing.T, file string) (frames []captured) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packets, err := pcapgo.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	parts := map[uint32][]byte{}
	for {
		b, info, err := packets.ReadPacketData()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Logf("%s ends early: %v", file, err)
			}
			return frames
		}
		ip, payload, err := frame.ParseIP(network(packets.LinkType(), b))
		if err != nil || ip.Protocol != frame.ProtocolGRE {
			continue
		}
		if ip.IsFragment() {
			parts[ip.ID] = append(parts[ip.ID], payload...)
			if ip.MoreFragments {
				continue
			}
			payload = parts[ip.ID]
			delete(parts, ip.ID)
		}
		p, err := erspan.Decapsulate(payload)
		if err != nil || p.Header.IPOnly {
			continue
		}
		frames = append(frames, captured{time: info.Timestamp, frame: append([]byte(nil), p.Frame...)})
	}
}

// network is the IP packet within a packet of the given link type.
func network(link layers.LinkType, b []byte) []byte {
	offset := 14
	switch link {
	case layers.LinkTypeRaw:
		return b
	case layers.LinkTypeLinuxSLL:
		offset = 16
	case layers.LinkTypeEthernet:
		if e, err := frame.Parse(b); err == nil {
			offset = e.HeaderLen()
		}
	}
	return b[min(offset, len(b)):]
}

// write writes frames to a capture file for tshark.
func write(t *testing.T, frames []captured) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "inner.pcap")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcapgo.NewWriterNanos(f)
	if err := w.WriteFileHeader(1<<18, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for _, c := range frames {
		info := gopacket.CaptureInfo{Timestamp: c.time, CaptureLength: len(c.frame), Length: max(c.length, len(c.frame))}
		if err := w.WritePacket(info, c.frame); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// tracked is what vspan makes of frames.
func tracked(frames []captured) ([]flow.Flow, []follow.Stream, func(uint64) follow.Stream) {
	tracker := flow.NewTracker(flow.Config{})
	follower := follow.NewFollower(follow.Limits{Bytes: 64 << 20, Body: 1 << 20}, nil)
	var last time.Time
	for _, c := range frames {
		p := flow.Packet{Time: c.time, Frame: c.frame, WireLen: c.length}
		tracker.Observe(&p)
		follower.Observe(&p)
		last = c.time
	}
	follower.Flush(last)
	return tracker.Flows(last.Add(time.Hour), nil), follower.Streams(), func(id uint64) follow.Stream {
		s, _ := follower.Stream(id)
		return s
	}
}
