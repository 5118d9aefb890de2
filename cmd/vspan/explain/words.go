package explain

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/vspan-io/vspan/api/wire"
)

func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// span is a duration as a person says it, in two units at most.
func span(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	switch days := d / (24 * time.Hour); {
	case days > 0:
		return fmt.Sprintf("%dd%dh", days, d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return d.String()
}

func volume(v wire.Volume) string {
	n, prefix := float64(v.Bytes), ""
	for _, next := range []string{"k", "M", "G", "T"} {
		if n < 1000 {
			break
		}
		n, prefix = n/1000, next
	}
	return fmt.Sprintf("%d packets (%.3g %sB)", v.Packets, n, prefix)
}

func sourceName(s wire.Source) string {
	switch {
	case s.VM != "" && s.NIC != "":
		return fmt.Sprintf("VM %s, %s", s.VM, s.NIC)
	case s.VM != "":
		return "VM " + s.VM
	case s.Portgroup != "":
		return "portgroup " + s.Portgroup
	case s.PortKey != "":
		return "port " + s.PortKey
	case s.Selector != nil:
		var words []string
		for _, c := range []struct{ name, value string }{{"name", s.Selector.Name}, {"folder", s.Selector.Folder}, {"tag", s.Selector.Tag}} {
			if c.value != "" {
				words = append(words, c.name+" "+c.value)
			}
		}
		return "VMs with " + strings.Join(words, ", ")
	}
	return "nothing"
}

func encapsulation(s wire.Session) string {
	id := s.Spec.Encapsulation.ID
	if s.Status.Switch != nil {
		id = cmp.Or(s.Status.Switch.ERSPANID, id)
	}
	return wrapped(s.Spec.Encapsulation.Type, id)
}

func destination(s wire.Session) string {
	if len(s.Spec.Destination.Addresses) > 0 {
		return strings.Join(s.Spec.Destination.Addresses, ", ")
	}
	return "the receiver " + s.Spec.Destination.Receiver
}
