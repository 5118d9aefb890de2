//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// samples are captures from the field, kept outside the repository.
func samples(t *testing.T) []string {
	t.Helper()
	folder := os.Getenv("VSPAN_PCAPS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "pcaps")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.pcap"))
	if err != nil || len(files) == 0 {
		t.Skipf("no captures in %s; VSPAN_PCAPS names their folder", folder)
	}
	return files
}

// framesOf are the packets of a capture as they would arrive on Ethernet.
func framesOf(t *testing.T, name string) (frames [][]byte) {
	t.Helper()
	file, err := os.Open(name)
	must(t, err)
	defer func() { _ = file.Close() }()
	r, err := pcapgo.NewReader(file)
	must(t, err)
	for {
		b, _, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return frames
		}
		must(t, err)
		switch r.LinkType() {
		case layers.LinkTypeEthernet:
		case layers.LinkTypeRaw:
			b = link(0x0800, b)
		default:
			t.Skipf("link type %v cannot arrive on Ethernet", r.LinkType())
		}
		frames = append(frames, b)
	}
}

// What real senders send becomes in the kernel what user space makes of it.
func TestSamples(t *testing.T) {
	newProgram(t, Options{}, bestVariant(t)) // or there is nothing to compare
	total := uint64(0)
	for _, name := range samples(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			for variant := bestVariant(t); variant < len(variants); variant++ {
				frames := framesOf(t, name)
				_, m := compared(t, variant, frames, func(int) bool { return true })
				var counted, observed uint64
				for _, c := range m.conversations {
					counted += c.Packets
				}
				for s, q := range m.streams {
					if s.Whole {
						observed += q.Packets
					}
				}
				t.Logf("%s: %d packets, %d counted in %d conversations, %d not judged, %d numbers",
					variants[variant], len(frames), counted, len(m.conversations), m.unjudged, observed)
				total += counted
			}
		})
	}
	if total == 0 {
		t.Error("nothing was counted")
	}
}
