package extcap

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode"

	"github.com/vspan-io/vspan/mirror"
)

// Mirror is the interface that mirrors a VM while it is captured. No session's interface can bear that name.
const Mirror = "vspan_mirror"

// prefix is what the name of a session's interface begins with.
const prefix = "vspan-"

// SessionOf is the session of an interface. It is not ok of one that is none of vspan's.
func SessionOf(name string) (session string, ok bool) {
	session, ok = strings.CutPrefix(name, prefix)
	return session, ok && mirror.ValidName(session)
}

// WriteInterfaces answers --extcap-interfaces.
func WriteInterfaces(w io.Writer, version string, d Directory) error {
	var b strings.Builder
	fmt.Fprintf(&b, "extcap {version=%s}{display=vspan}\n", label(version))
	for _, s := range d.Sessions {
		fmt.Fprintf(&b, "interface {value=%s%s}{display=vspan session %s: %s}\n", prefix, s.Name, s.Name, label(s.Of))
	}
	fmt.Fprintf(&b, "interface {value=%s}{display=vspan: mirror a VM}\n", Mirror)
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteDLTs answers --extcap-dlts.
func WriteDLTs(w io.Writer) error {
	_, err := io.WriteString(w, "dlt {number=1}{name=EN10MB}{display=Ethernet}\n")
	return err
}

// The numbers of the arguments, and how they are called.
const (
	argVM = iota
	argDirection
	argFilter
	argSnapLength
)

const (
	flagVM         = "--vm"
	flagDirection  = "--direction"
	flagFilter     = "--filter"
	flagSnapLength = "--snaplen"
)

// WriteConfig answers --extcap-config for an interface.
func WriteConfig(w io.Writer, name string, d Directory) error {
	var b strings.Builder
	if name == Mirror {
		fmt.Fprintf(&b, "arg {number=%d}{call=%s}{display=VM}{tooltip=The VM to mirror while the capture runs}{type=selector}{reload=true}{placeholder=Read the VMs again}{required=true}{group=Mirror}\n", argVM, flagVM)
	}
	fmt.Fprintf(&b, "arg {number=%d}{call=%s}{display=Direction}{tooltip=As the VM sees it}{type=selector}{group=Mirror}\n", argDirection, flagDirection)
	fmt.Fprintf(&b, "arg {number=%d}{call=%s}{display=Filter}{tooltip=An expression as tcpdump takes it, e.g. tcp port 80. The daemon picks by it}{type=string}{group=Mirror}\n", argFilter, flagFilter)
	fmt.Fprintf(&b, "arg {number=%d}{call=%s}{display=Snap length}{tooltip=Bytes to keep of each packet. 0: all}{type=unsigned}{range=0,262144}{default=0}{group=Mirror}\n", argSnapLength, flagSnapLength)
	if name == Mirror {
		writeVMs(&b, d)
	}
	fmt.Fprintf(&b, "value {arg=%d}{value=both}{display=both}{default=true}\n", argDirection)
	fmt.Fprintf(&b, "value {arg=%d}{value=from-vm}{display=from the VM}\n", argDirection)
	fmt.Fprintf(&b, "value {arg=%d}{value=to-vm}{display=to the VM}\n", argDirection)
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteReload answers --extcap-reload-option. Only the VMs can be read again.
func WriteReload(w io.Writer, option string, d Directory) error {
	var b strings.Builder
	if strings.TrimLeft(option, "-") == strings.TrimLeft(flagVM, "-") {
		writeVMs(&b, d)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeVMs(b *strings.Builder, d Directory) {
	for _, vm := range d.VMs {
		fmt.Fprintf(b, "value {arg=%d}{value=%s}{display=%s}\n", argVM, escape(vm), label(vm))
	}
}

// maxLabel is how many runes are shown of a name.
const maxLabel = 80

// label is text that can stand in braces, for people.
func label(text string) string {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > maxLabel {
			b.WriteRune('…')
			break
		}
		if r == '{' || r == '}' || !unicode.IsPrint(r) {
			r = '_'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// escape is text that can stand in braces and comes back as it is; most names are as they were.
func escape(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == 0x7F || strings.IndexByte(`{}%"\`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// Unescape is the inverse of escape. What was never escaped is as it is.
func Unescape(text string) string {
	plain, err := url.PathUnescape(text)
	if err != nil {
		return text
	}
	return plain
}
