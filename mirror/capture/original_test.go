package capture

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// one subscribes to w, offers o and returns what came of it.
func one(t *testing.T, w Want, o *Original) *Frame {
	t.Helper()
	b := NewBroker()
	s := b.Subscribe(w)
	t.Cleanup(s.Close)
	f := b.Feed(0)
	f.Offer(o)
	f.Flush()
	return s.Poll()
}

func TestVLANIsPutBackOnce(t *testing.T) {
	plain := ethernet(100, 1)
	tagged := ethernet(104, 1, frame.Tag{TPID: frame.EtherTypeVLAN, ID: 42, Priority: 3})
	for name, c := range map[string]struct {
		kind        erspan.Type
		h           erspan.Header
		inner, want []byte
	}{
		"no tag":                        {erspan.TypeII, erspan.Header{VLAN: 42, COS: 3}, plain, plain},
		"the only copy, 802.1Q":         {erspan.TypeII, erspan.Header{VLAN: 42, COS: 3, Encap: erspan.EncapDot1Q}, plain, tagged},
		"the only copy, ISL":            {erspan.TypeII, erspan.Header{VLAN: 42, COS: 3, Encap: erspan.EncapISL}, plain, tagged},
		"still there":                   {erspan.TypeII, erspan.Header{VLAN: 42, COS: 3, Encap: erspan.EncapPreserved}, tagged, tagged},
		"still there, whatever is said": {erspan.TypeII, erspan.Header{VLAN: 7, Encap: erspan.EncapDot1Q}, tagged, tagged},
		"Type III":                      {erspan.TypeIII, erspan.Header{VLAN: 42, COS: 3}, plain, tagged},
		"Type III, none":                {erspan.TypeIII, erspan.Header{}, plain, plain},
		"Type III, still there":         {erspan.TypeIII, erspan.Header{VLAN: 42}, tagged, tagged},
		"bridging":                      {erspan.Bridging, erspan.Header{}, plain, plain},
	} {
		f := one(t, Want{All: true}, carried("s", c.kind, c.h, c.inner))
		if !bytes.Equal(f.Data, c.want) || f.Length != len(c.want) || f.Cut || f.Bare {
			t.Errorf("%s: %d bytes of %d, cut %v, bare %v\n got %x\nwant %x", name, len(f.Data), f.Length, f.Cut, f.Bare, f.Data[:20], c.want[:20])
		}
	}
}

func TestWhatAFrameSays(t *testing.T) {
	o := mirrored("s", ethernet(100, 1))
	o.Gap = 3
	f := one(t, Want{Sessions: []string{"s"}}, o)
	want := &Frame{
		Time: start.UnixNano(), UID: "s", PortKey: "112", Host: "esx-01", Exporter: esx, Direction: o.Direction, Gap: 3,
		Length: 100, Data: ethernet(100, 1),
	}
	if d := cmp.Diff(want, f, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if !f.At().Equal(start) {
		t.Errorf("at %v", f.At())
	}
}

func TestCutFrames(t *testing.T) {
	whole := ethernet(1400, 1)
	byMirror := carried("s", erspan.TypeII, erspan.Header{Truncated: true}, whole[:128])
	byUs := mirrored("s", whole)
	byUs.Payload, byUs.Truncated = byUs.Payload[:200], true
	for name, c := range map[string]struct {
		o    *Original
		snap int
		have int
		cut  bool
	}{
		"by the mirror":        {byMirror, 0, 128, true},
		"by the receiver":      {byUs, 0, 200 - 16, true},
		"by the subscription":  {mirrored("s", whole), 96, 96, true},
		"by less than it asks": {mirrored("s", whole), 10, minSnap, true},
		"not":                  {mirrored("s", whole), 1400, 1400, false},
	} {
		f := one(t, Want{All: true, SnapLength: c.snap}, c.o)
		if len(f.Data) != c.have || f.Length != 1400 || f.Cut != c.cut || !bytes.Equal(f.Data, whole[:c.have]) {
			t.Errorf("%s: %d bytes of %d, cut %v, want %d of 1400, cut %v", name, len(f.Data), f.Length, f.Cut, c.have, c.cut)
		}
	}
	tag := carried("s", erspan.TypeII, erspan.Header{VLAN: 9, Encap: erspan.EncapDot1Q}, whole)
	if f := one(t, Want{All: true, SnapLength: 64}, tag); len(f.Data) != 64 || f.Length != 1404 || f.Data[15] != 9 {
		t.Errorf("with a tag: %d bytes of %d: %x", len(f.Data), f.Length, f.Data)
	}
}

// A mirror may send IP packets without their Ethernet header.
func TestBareFrames(t *testing.T) {
	for _, packet := range [][]byte{ethernet(100, 1)[14:], append([]byte{0x60, 0, 0, 0, 0, 8, 17, 64}, make([]byte, 40)...)} {
		f := one(t, Want{All: true}, carried("s", erspan.TypeIII, erspan.Header{VLAN: 5, IPOnly: true, FrameType: erspan.FrameIP}, packet))
		if f == nil || !f.Bare || !bytes.Equal(f.Data, packet) {
			t.Fatalf("got %+v", f)
		}
		parsed, err := frame.Parse(f.AppendEthernet(nil))
		if err != nil || !parsed.HasIP || parsed.IP.Version != packet[0]>>4 {
			t.Errorf("as Ethernet: %+v, %v", parsed, err)
		}
	}
}

func TestOuterPackets(t *testing.T) {
	for _, from := range []netip.Addr{esx, netip.MustParseAddr("2001:db8::11"), netip.MustParseAddr("::ffff:10.0.0.11")} {
		o := mirrored("s", ethernet(300, 1))
		o.Source = from
		if from.Is6() && !from.Is4In6() {
			o.Destination = netip.MustParseAddr("2001:db8::1")
		}
		f := one(t, Want{All: true, Outer: true}, o)
		ip, payload, err := frame.ParseIP(f.Outer)
		if err != nil || ip.Src != from.Unmap() || ip.Protocol != frame.ProtocolGRE || ip.Truncated || !bytes.Equal(payload, o.Payload) {
			t.Errorf("%v: %+v, %v", from, ip, err)
		}
		if f.OuterLength != len(f.Outer) || !bytes.Equal(f.Data, ethernet(300, 1)) {
			t.Errorf("%v: %d bytes of %d", from, len(f.Outer), f.OuterLength)
		}
		if cut := one(t, Want{All: true, Outer: true, SnapLength: 80}, o); len(cut.Outer) != 80 || len(cut.Data) != 80 || cut.OuterLength != len(f.Outer) {
			t.Errorf("%v: cut to %d and %d of %d", from, len(cut.Outer), len(cut.Data), cut.OuterLength)
		}
	}
}

// What is no mirrored frame, or nobody's, goes nowhere.
func TestWhatIsNotHandedOn(t *testing.T) {
	broken := mirrored("s", ethernet(100, 1))
	broken.Payload = broken.Payload[:10]
	for name, o := range map[string]*Original{"broken": broken, "nobody's": mirrored("", ethernet(100, 1)), "another's": mirrored("other", ethernet(100, 1))} {
		if f := one(t, Want{Sessions: []string{"s"}}, o); f != nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
