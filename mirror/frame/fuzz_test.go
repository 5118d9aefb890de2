package frame

import (
	"reflect"
	"testing"
)

// FuzzParse holds Parse to a value or an error, and the value to what was there:
// no length, flag or payload that the bytes do not bear out.
func FuzzParse(f *testing.F) {
	for _, c := range frames {
		f.Add(unhex(f, c.hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		checkSkim(t, b, p)
		if err != nil {
			if err != Short || len(b) >= EthernetLen || !reflect.DeepEqual(p, Frame{}) {
				t.Fatalf("%d bytes refused with %v and %+v", len(b), err, p)
			}
			return
		}
		if p.Inner >= NumRefusals || p.NumTags > MaxTags || len(p.Payload) > len(b)-p.HeaderLen() {
			t.Fatalf("%d bytes became %+v", len(b), p)
		}
		if p.Truncated != (p.Length > len(b)) || p.Length < p.HeaderLen() {
			t.Fatalf("truncated %v, length %d, %d bytes", p.Truncated, p.Length, len(b))
		}
		if (p.HasARP || p.HasPorts) && p.Inner != 0 || p.HasPorts && (!p.HasIP || len(p.Payload) < 4) {
			t.Fatalf("ports or ARP that cannot have been read: %+v", p)
		}
		if p.HasIP && (!p.IP.Src.IsValid() || !p.IP.Dst.IsValid() || p.IP.Truncated != p.Truncated) {
			t.Fatalf("IP that cannot have been read: %+v", p)
		}
		roundTrip(t, p)
	})
}

// roundTrip holds Append to be the inverse of Parse for what Frame keeps.
func roundTrip(t *testing.T, p Frame) {
	if p.Inner != 0 || p.Truncated {
		return
	}
	if p.HasIP && (p.IP.HeaderLen != canonicalLen(p.IP) || p.Protocol != p.IP.Protocol) {
		return // options and extension headers are not kept
	}
	again, err := Parse(p.Append(nil))
	if p.HasIP && p.IP.TotalLen > 0xFFFF {
		return // a length that was left to the card
	}
	if err != nil || !reflect.DeepEqual(again, p) {
		t.Fatalf("%+v came back as %+v, %v", p, again, err)
	}
}

func canonicalLen(ip IP) int {
	switch {
	case ip.Version == 4:
		return ipv4Len
	case ip.IsFragment():
		return ipv6Len + fragmentLen
	}
	return ipv6Len
}

// FuzzParseIP holds ParseIP to a value or an error, and Reassembled too.
func FuzzParseIP(f *testing.F) {
	for _, h := range headers {
		f.Add(unhex(f, h.hex+"01020304"), []byte("reassembled"))
	}
	f.Add(unhex(f, "60000000 0018 2c 40"+v6AD+"3c00 0001 00000007"), unhex(f, "2f00 0104 00000000 00006558"))
	f.Fuzz(func(t *testing.T, b, data []byte) {
		ip, payload, err := ParseIP(b)
		if err != nil {
			if r, ok := err.(Refusal); !ok || r == 0 || r >= NumRefusals || ip != (IP{}) || payload != nil {
				t.Fatalf("refused with %v, %+v, %x", err, ip, payload)
			}
			return
		}
		if payload == nil || ip.HeaderLen+len(payload) > len(b) || ip.TotalLen < ip.HeaderLen || ip.Truncated != (ip.TotalLen > len(b)) {
			t.Fatalf("%d bytes became %+v with %d of payload", len(b), ip, len(payload))
		}
		whole, rest, err := ip.Reassembled(data)
		switch {
		case err != nil && (whole != (IP{}) || rest != nil):
			t.Fatalf("refused with %v, %+v, %x", err, whole, rest)
		case err == nil && (whole.IsFragment() || whole.HeaderLen+len(rest) != whole.TotalLen):
			t.Fatalf("%d bytes reassembled to %+v with %d of payload", len(data), whole, len(rest))
		}
	})
}
