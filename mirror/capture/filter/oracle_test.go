package filter

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/pcapgo"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// packet is a frame as it was captured.
type packet struct {
	bytes   []byte
	wireLen int
	origin  string
}

// tcpdump is the oracle: a file of packets, each with its number for a time.
type tcpdump struct {
	path    string
	file    []byte
	packets []packet
}

func newTcpdump(t testing.TB, packets []packet) *tcpdump {
	t.Helper()
	path, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("no tcpdump to compare with")
	}
	return &tcpdump{path: path, file: writePcap(packets), packets: packets}
}

// writePcap writes packets of Ethernet; the second of a packet is its index.
func writePcap(packets []packet) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xA1B2C3D4)
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 4)
	for _, v := range []uint32{0, 0, 1 << 18, 1} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for i, p := range packets {
		for _, v := range []int{i, 0, len(p.bytes), p.wireLen} {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
		b = append(b, p.bytes...)
	}
	return b
}

// errRefused is tcpdump's refusal of an expression.
var errRefused = errors.New("tcpdump refuses")

// rejectsAll is what tcpdump says of an expression that its optimizer finds to
// match nothing. It is none of the expression's faults.
const rejectsAll = "expression rejects all packets"

func (o *tcpdump) run(t testing.TB, args ...string) (out []byte, complaint string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, o.path, append([]string{"-r", "-"}, args...)...)
	run.Stdin = bytes.NewReader(o.file)
	var words bytes.Buffer
	run.Stderr = &words
	out, err = run.Output()
	return out, words.String(), err
}

// program is the BPF program that tcpdump compiles an expression to, in decimals.
func (o *tcpdump) program(t testing.TB, expression string) (string, error) {
	t.Helper()
	out, complaint, err := o.run(t, "-ddd", "--", expression)
	if err != nil {
		return "", fmt.Errorf("%w: %s", errRefused, complaint)
	}
	return string(out), nil
}

// match says of each packet whether tcpdump takes it.
func (o *tcpdump) match(t testing.TB, expression string) ([]bool, error) {
	t.Helper()
	return o.matchWith(t, expression, "-w", "-")
}

// matchPlain is match without libpcap's optimizer.
func (o *tcpdump) matchPlain(t testing.TB, expression string) ([]bool, error) {
	t.Helper()
	return o.matchWith(t, expression, "-O", "-w", "-")
}

func (o *tcpdump) matchWith(t testing.TB, expression string, args ...string) ([]bool, error) {
	t.Helper()
	out, complaint, err := o.run(t, append(args, "--", expression)...)
	taken := make([]bool, len(o.packets))
	switch {
	case err != nil && strings.Contains(complaint, rejectsAll):
		return taken, nil
	case err != nil:
		return nil, fmt.Errorf("%w: %s", errRefused, complaint)
	case len(out) < 24:
		t.Fatalf("tcpdump %q wrote %d bytes: %s", expression, len(out), complaint)
	}
	for out = out[24:]; len(out) >= 16; {
		taken[binary.LittleEndian.Uint32(out)] = true
		out = out[16+binary.LittleEndian.Uint32(out[8:]):]
	}
	return taken, nil
}

// ours says of each packet whether the filter takes it.
func ours(f *Filter, packets []packet) []bool {
	taken := make([]bool, len(packets))
	for i, p := range packets {
		taken[i] = f.Match(p.bytes, p.wireLen)
	}
	return taken
}

// samples are the frames of captures from the field, which are kept outside the
// repository, and the frames inside of those that are mirrors.
func samples(t testing.TB) []packet {
	t.Helper()
	folder := os.Getenv("VSPAN_PCAPS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "pcaps")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Logf("no captures in %s; VSPAN_PCAPS names their folder", folder)
	}
	var all []packet
	for _, file := range files {
		all = append(all, readPcap(t, file)...)
	}
	return all
}

func readPcap(t testing.TB, path string) (all []packet) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := pcapgo.NewReader(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if r.LinkType() != 1 {
		t.Fatalf("%s: link type %v", path, r.LinkType())
	}
	for i := 1; ; i++ {
		data, info, err := r.ReadPacketData()
		if err != nil {
			return all
		}
		origin := fmt.Sprintf("%s packet %d", filepath.Base(path), i)
		all = append(all, packet{data, info.Length, origin})
		if inner := insideOf(data); inner != nil {
			all = append(all, packet{inner, len(inner), origin + " inside"})
		}
	}
}

// insideOf is the frame inside the mirror packet outer, if it is one.
func insideOf(outer []byte) []byte {
	f, err := frame.Parse(outer)
	if err != nil || !f.HasIP || f.IP.Protocol != frame.ProtocolGRE {
		return nil
	}
	p, err := erspan.Decapsulate(f.Payload)
	if err != nil || p.Header.IPOnly {
		return nil
	}
	return p.Frame
}
