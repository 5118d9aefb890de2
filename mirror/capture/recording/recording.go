// Package recording turns captured frames into a capture file: pcapng, with an interface for each direction of each mirrored NIC and
// what is known of the frames in comments, or plain pcap. It does no IO: what is to be written is appended to a slice of bytes.
package recording

import (
	"runtime"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/capture/pcapng"
)

// Format is the format of a recording.
type Format uint8

// The formats. PCAP has one link type, Ethernet, or raw IP of outer packets, and no room for anything but time and bytes.
const (
	PCAPNG Format = iota
	PCAP
)

// Source is what a mirrored port is called.
type Source struct {
	Session string // its name
	VM      string
	NIC     string // e.g. "Network adapter 1"
	MAC     []byte // six bytes, or nil where it is not known
}

// Options say how to record.
type Options struct {
	Format Format
	// Application is what writes: name and version. Comment is about the whole recording, Filter what chose the frames.
	Application, Comment, Filter string
	// SnapLength is that of the subscription in bytes; 0: whole frames.
	SnapLength int
	// Outer records the packets that carried the frames in place of the frames.
	Outer bool
	// Name says what the source of a session is called. It is called once for each interface. portKey may be "".
	Name func(uid, portKey string) Source
	// KernelDrops, when not nil, says how many packets the kernel dropped before the receiver could read them, since it began.
	KernelDrops func() uint64
}

// Recording is one capture file as it is written: first Begin, then Append for each frame, then End. It belongs to one goroutine. What
// a call appends are whole blocks.
type Recording struct {
	o           Options
	interfaces  map[key]*face
	order       []*face
	kernelDrops uint64 // when it began
	began       time.Time
	ethernet    []byte // of a bare frame
	packet      pcapng.Packet
	comments    [3]string
}

// key is what tells an interface from another one.
type key struct {
	uid, portKey string
	direction    mirror.Direction
	link         pcapng.LinkType
}

// New returns a recording of nothing.
func New(o Options) *Recording { return &Recording{o: o, interfaces: make(map[key]*face)} }

// Begin appends what a file begins with to b. now is when the recording begins.
func (r *Recording) Begin(b []byte, now time.Time) []byte {
	r.began = now
	if r.o.KernelDrops != nil {
		r.kernelDrops = r.o.KernelDrops()
	}
	if r.o.Format == PCAP {
		return pcapng.AppendPcapHeader(b, r.link(false), r.o.SnapLength)
	}
	return pcapng.Section{Application: r.o.Application, OS: runtime.GOOS, Hardware: runtime.GOARCH, Comment: r.o.Comment}.Append(b)
}

// Declare appends the interface of a source's direction to b, so that it is there before its first frame. That of one that has not been
// declared comes with its first frame.
func (r *Recording) Declare(b []byte, uid, portKey string, d mirror.Direction) []byte {
	if r.o.Format == PCAP {
		return b
	}
	_, b = r.face(b, key{uid, portKey, d, r.link(false)})
	return b
}

// Append appends a frame to b.
func (r *Recording) Append(b []byte, f *capture.Frame) []byte {
	p := &r.packet
	p.Time, p.Data, p.Length = f.Time, f.Data, f.Length
	if r.o.Outer {
		p.Data, p.Length = f.Outer, f.OuterLength
	}
	if r.o.Format == PCAP {
		r.dress(p, f)
		return p.AppendPcap(b)
	}
	face, b := r.face(b, key{f.UID, f.PortKey, f.Direction, r.link(f.Bare)})
	p.Interface, p.Direction, p.Dropped = face.number, directionOf(f.Direction), f.Lost
	p.Comments = face.remark(r.comments[:0], f)
	face.frames++
	face.lost += f.Lost
	face.gaps += uint64(f.Gap)
	return p.Append(b)
}

// dress gives a bare frame an Ethernet header, in a file that holds nothing else.
func (r *Recording) dress(p *pcapng.Packet, f *capture.Frame) {
	if r.o.Outer || !f.Bare {
		return
	}
	r.ethernet = f.AppendEthernet(r.ethernet[:0])
	p.Length += len(r.ethernet) - len(p.Data)
	p.Data = r.ethernet
}

// End appends what a file ends with to b: the statistics. untold is how many frames the subscription lost after the last one that was
// appended.
func (r *Recording) End(b []byte, now time.Time, untold uint64) []byte {
	if r.o.Format == PCAP {
		return b
	}
	var kernelDrops uint64
	if r.o.KernelDrops != nil {
		kernelDrops = r.o.KernelDrops() - r.kernelDrops
	}
	for i, face := range r.order {
		s := face.statistics()
		s.Time, s.Start, s.End = now.UnixNano(), r.began.UnixNano(), now.UnixNano()
		if i == 0 {
			s.DroppedOS = kernelDrops
			s.Dropped += untold
			s.Received += untold
		}
		s.Comment = face.summary(s)
		b = s.Append(b)
	}
	return b
}

func (r *Recording) link(bare bool) pcapng.LinkType {
	if r.o.Outer || bare {
		return pcapng.RawIP
	}
	return pcapng.Ethernet
}

// directionOf is a direction as the VM's NIC sees it.
func directionOf(d mirror.Direction) pcapng.Direction {
	switch d {
	case mirror.FromVM:
		return pcapng.Outbound
	case mirror.ToVM:
		return pcapng.Inbound
	default:
		return pcapng.Unknown
	}
}

// Interfaces is how many interfaces the recording has so far.
func (r *Recording) Interfaces() int { return len(r.order) }
