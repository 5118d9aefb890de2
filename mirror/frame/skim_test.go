package frame

import "testing"

// checkSkim holds Skim to what Parse made of b, and reports whether it read b.
func checkSkim(t *testing.T, b []byte, p Frame) bool {
	t.Helper()
	length := Skim(b, len(b))
	if length == 0 {
		return false
	}
	if length != p.Length || length > len(b) != p.Truncated {
		t.Fatalf("skimmed to %d bytes of which there are %d, want %d, truncated %t", length, len(b), p.Length, p.Truncated)
	}
	if p.Inner != 0 || p.Bare || p.Dst.IsMulticast() || p.HasIP && p.IP.Protocol == ProtocolGRE {
		t.Fatalf("skimmed, and should not be: %+v", p)
	}
	checkCut(t, b, p)
	return true
}

// checkCut holds Skim and ParseCut of the first bytes of b, if they read them, to what Parse made of all of it.
func checkCut(t *testing.T, b []byte, whole Frame) {
	t.Helper()
	for n := EthernetLen; n < len(b); n++ {
		cut, err := ParseCut(b[:n], len(b))
		if err != nil || cut.Inner != 0 {
			continue
		}
		if cut.Length != whole.Length || cut.Truncated != whole.Truncated || cut.HasIP && cut.IP.TotalLen != whole.IP.TotalLen {
			t.Fatalf("%d of %d bytes became %+v, want the lengths of %+v", n, len(b), cut, whole)
		}
		if length := Skim(b[:n], len(b)); length != 0 && length != whole.Length {
			t.Fatalf("%d of %d bytes skimmed to %d, want %d", n, len(b), length, whole.Length)
		}
	}
}

func TestSkim(t *testing.T) {
	skimmed := 0
	for _, c := range frames {
		b := unhex(t, c.hex)
		for n := range len(b) + 1 {
			p, _ := Parse(b[:n])
			if checkSkim(t, b[:n], p) && n == len(b) {
				skimmed++
			}
		}
	}
	if skimmed == 0 {
		t.Error("no frame of the table was skimmed")
	}
	const stations = "005056000002 005056000001 "
	for name, c := range map[string]struct {
		hex  string
		want bool
	}{
		"UDP":             {stations + "0800 4500001c00000000 40110000 0a000001 0a000002 0035003500080000", true},
		"UDP, tagged":     {stations + "81000017 0800 4500001c00000000 40110000 0a000001 0a000002 0035003500080000", true},
		"UDP, two tags":   {stations + "81000017 81000017 0800 4500001c00000000 40110000 0a000001 0a000002 0035003500080000", false},
		"later fragment":  {stations + "0800 4500001600000001 40110000 0a000001 0a000002 0035", true},
		"no ports":        {stations + "0800 4500001600000000 40110000 0a000001 0a000002 0035", false},
		"length of 0":     {stations + "0800 4500000000000000 40110000 0a000001 0a000002 0035003500080000", true},
		"ICMPv6":          {stations + "86dd 6000000000043a40 fe800000000000000000000000000001 fe800000000000000000000000000002 80000000", true},
		"IPv6, extension": {stations + "86dd 6000000000083c40 fe800000000000000000000000000001 fe800000000000000000000000000002 3b00000000000000", false},
		"LLDP":            {stations + "88cc 0207", true},
		"ARP":             {stations + "0806 0001080006040001 005056000001 0a000001 000000000000 0a000002", false},
		"GRE":             {stations + "0800 4500001800000000 402f0000 0a000001 0a000002 00006558", false},
		"to a group":      {"01005e000001 005056000001 0800 4500001c00000000 40110000 0a000001 0a000002 0035003500080000", false},
		"802.3":           {stations + "0003 424203", false},
	} {
		b := unhex(t, c.hex)
		p, _ := Parse(b)
		if got := checkSkim(t, b, p); got != c.want {
			t.Errorf("%s: skimmed %v, want %v", name, got, c.want)
		}
	}
}
