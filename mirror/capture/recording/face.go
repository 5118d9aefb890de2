package recording

import (
	"fmt"
	"net/netip"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/capture/pcapng"
)

// face is an interface of a recording: one direction of a mirrored NIC.
type face struct {
	number   int
	host     string // that sent the last frame
	exporter netip.Addr
	frames   uint64
	lost     uint64 // by the subscription
	gaps     uint64 // mirror packets that were lost on their way
}

// face returns the interface of k, and appends it to b if it is new.
func (r *Recording) face(b []byte, k key) (*face, []byte) {
	if f := r.interfaces[k]; f != nil {
		return f, b
	}
	f := &face{number: len(r.order)}
	r.interfaces[k] = f
	r.order = append(r.order, f)
	source := r.o.Name(k.uid, k.portKey)
	return f, pcapng.Interface{
		Link: k.link, SnapLength: r.o.SnapLength, Filter: r.o.Filter, MAC: source.MAC,
		Name: nameOf(source, k), Description: describe(source, k, r.o.Outer),
	}.Append(b)
}

// nameOf is what Wireshark lists the interface as, e.g. "web-01 Network adapter 1 from-vm".
func nameOf(s Source, k key) string {
	name := s.VM
	switch {
	case s.VM != "" && s.NIC != "":
		name = s.VM + " " + s.NIC
	case s.VM != "":
	case k.portKey != "":
		name = "port " + k.portKey
	case s.Session != "":
		name = "session " + s.Session + ", source not known,"
	default:
		name = "source not known,"
	}
	if k.direction == mirror.Both {
		return name + " direction not known"
	}
	return name + " " + k.direction.String()
}

func describe(s Source, k key, outer bool) string {
	text := "session " + s.Session
	if k.portKey != "" {
		text += ", port " + k.portKey
	}
	switch k.direction {
	case mirror.FromVM:
		text += ", frames that the VM sent"
	case mirror.ToVM:
		text += ", frames that the VM was sent"
	}
	if outer {
		text += ", in the packets that carried them"
	}
	return text
}

// remark says of a frame what is not in it: what is missing before it, and which host mirrored it where that is news.
func (f *face) remark(comments []string, frame *capture.Frame) []string {
	if frame.Gap > 0 {
		comments = append(comments, missing(uint64(frame.Gap), "mirror packet", "lost"))
	}
	if frame.Lost > 0 {
		comments = append(comments, missing(frame.Lost, "frame", "not captured")+": they were not read in time")
	}
	if frame.Host != f.host || frame.Exporter != f.exporter {
		f.host, f.exporter = frame.Host, frame.Exporter
		comments = append(comments, fmt.Sprintf("mirrored by host %s (%s) from here on", f.host, f.exporter))
	}
	return comments
}

func missing(n uint64, what, fate string) string {
	if n == 1 {
		return fmt.Sprintf("1 %s was %s before this one", what, fate)
	}
	return fmt.Sprintf("%d %ss were %s before this one", n, what, fate)
}

func (f *face) statistics() pcapng.Statistics {
	return pcapng.Statistics{Interface: f.number, Received: f.frames + f.lost, Dropped: f.lost, Delivered: f.frames}
}

// summary says in words what was lost; "" when nothing was.
func (f *face) summary(s pcapng.Statistics) string {
	text := ""
	add := func(n uint64, words string) {
		if n == 0 {
			return
		}
		if text != "" {
			text += "; "
		}
		text += fmt.Sprint(n, " ", words)
	}
	add(f.gaps, "mirror packets lost on their way to the receiver")
	add(s.Dropped, "frames not captured because they were not read in time")
	add(s.DroppedOS, "packets of whatever session dropped by the receiver's kernel")
	return text
}
