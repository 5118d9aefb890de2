package oracle_test

import (
	"path/filepath"
	"testing"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Every prefix of every datagram of the samples is refused, or is known to be cut;
// and none of it panics.
func TestEveryPrefixOfEverySample(t *testing.T) {
	for _, file := range samples(t) {
		for i, b := range datagrams(t, file) {
			ip, payload, err := frame.ParseIP(b)
			if err != nil {
				continue
			}
			b = b[:min(ip.TotalLen, len(b))]
			for n := range b {
				cut, _, err := frame.ParseIP(b[:n:n])
				if n < ip.HeaderLen && err == nil || n >= ip.HeaderLen && (err != nil || !cut.Truncated) {
					t.Fatalf("%s, packet %d cut to %d bytes: %+v, %v", filepath.Base(file), i+1, n, cut, err)
				}
			}
			if ip.Protocol == frame.ProtocolGRE && !ip.IsFragment() {
				prefixesOfMirror(t, payload)
			}
		}
	}
}

// prefixesOfMirror wants an error for what ends before the mirrored frame's
// Ethernet header does, and behind it a frame whose damage is noted.
func prefixesOfMirror(t *testing.T, b []byte) {
	t.Helper()
	whole, err := erspan.Decapsulate(b)
	if err != nil {
		return
	}
	headers := len(b) - len(whole.Frame)
	want, err := frame.Parse(whole.Frame)
	if err != nil {
		t.Fatal(err)
	}
	for n := range min(len(b), headers+want.Length) {
		p, err := erspan.Decapsulate(b[:n:n])
		if n < headers+frame.EthernetLen {
			if err == nil {
				t.Fatalf("%x cut to %d bytes: %+v", b, n, p)
			}
			continue
		}
		if err != nil || p.Header != whole.Header || p.GRE != whole.GRE {
			t.Fatalf("%x cut to %d bytes: %+v, %v", b, n, p, err)
		}
		f, err := frame.Parse(p.Frame)
		if err != nil || f.Src != want.Src || f.Dst != want.Dst {
			t.Fatalf("%x cut to %d bytes: %+v, %v", b, n, f, err)
		}
		if (want.HasIP || want.HasARP || want.IsLLC()) && f.Inner == 0 && !f.Truncated && !padded(want, f) {
			t.Fatalf("%x cut to %d bytes passes for whole: %+v", b, n, f)
		}
	}
}

// padded reports whether all that the cut took off was padding behind ARP, which
// does not say how long its frame is.
func padded(whole, cut frame.Frame) bool { return whole.HasARP && cut.ARP == whole.ARP }
