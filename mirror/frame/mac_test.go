package frame

import (
	"fmt"
	"strings"
	"testing"
)

func TestMAC(t *testing.T) {
	m, err := ParseMAC("00:50:56:BE:D5:5d")
	if err != nil || m.String() != "00:50:56:be:d5:5d" || m.IsMulticast() || m.IsZero() {
		t.Errorf("%v, %v", m, err)
	}
	if !(MAC{1, 0, 0x5E}).IsMulticast() || !(MAC{}).IsZero() {
		t.Error("01:00:5e is multicast, and the zero value is zero")
	}
	for _, s := range []string{"", "00:50:56", "00:50:56:be:d5:5d:00:00", "web-01\n"} {
		if m, err := ParseMAC(s); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", s)) {
			t.Errorf("%q: %v, %v; want an error that quotes it", s, m, err)
		}
	}
}

func TestRefusalNames(t *testing.T) {
	seen := map[string]bool{Refusal(0).String(): true}
	for _, r := range Refusals() {
		if name := r.String(); seen[name] || !strings.HasPrefix(name, "frame_") || r.Error() == "" {
			t.Errorf("refusal %d is named %q and says %q", r, name, r.Error())
		}
		seen[r.String()] = true
	}
	if len(seen) != NumRefusals {
		t.Errorf("%d names, want %d", len(seen), NumRefusals)
	}
	if r := Refusal(200); !strings.Contains(r.String(), "unknown") || !strings.Contains(r.Error(), "unknown") {
		t.Errorf("a refusal that does not exist is %q: %q", r.String(), r.Error())
	}
}

func TestAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 256)
	for _, c := range frames {
		wire := unhex(t, c.hex)
		if n := testing.AllocsPerRun(100, func() {
			f, _ := Parse(wire)
			f.Append(buf)
			_, _ = Parse(wire[:EthernetLen])
			_, _ = Parse(wire[:3])
			_, _, _ = ParseIP(wire[EthernetLen:])
		}); n != 0 {
			t.Errorf("%s: %v allocations, want 0", c.name, n)
		}
	}
}
