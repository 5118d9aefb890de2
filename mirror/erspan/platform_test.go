package erspan

import "testing"

func TestPlatformFields(t *testing.T) {
	type fields struct {
		domain, sw, port      int
		index, upper, seconds int64
	}
	const none = -1
	for _, c := range []struct {
		name string
		word uint64
		id   uint8
		want fields
	}{
		{"alias of 7", 0x000A_BCDE_11223344, 0, fields{none, none, none, 0xABCDE, 0x11223344, none}},
		{"Nexus 1000V", 0x0400_0ABC_11223344, 1, fields{0xABC, none, none, 0x11223344, none, none}},
		{"Nexus 7000", 0x0C00_3FFF_11223344, 3, fields{none, none, none, 0x3FFF, 0x11223344, none}},
		{"reserved", 0x1000_0000_11223344, 4, fields{none, none, none, none, none, none}},
		{"switch and port", 0x17FF_1234_11223344, 5, fields{none, 0x3FF, 0x1234, none, none, 0x11223344}},
		{"switch and port too", 0x1801_FFFF_00000001, 6, fields{none, 1, 0xFFFF, none, none, 1}},
		{"Nexus 5600", 0x1C0F_FFFF_FFFFFFFF, 7, fields{none, none, none, 0xFFFFF, 0xFFFFFFFF, none}},
		{"unheard of", 0xFFFF_FFFF_FFFFFFFF, 63, fields{none, none, none, none, none, none}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := parsePlatform(c.word)
			if p.ID != c.id || p.word() != c.word {
				t.Errorf("%+v writes %#x", p, p.word())
			}
			got := fields{
				int(said(p.Domain())), int(said(p.Switch())), int(said(p.Port())),
				said(p.Index()), said(p.UpperTimestamp()), said(p.Seconds()),
			}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// said is the number, or -1 when the platform does not have it.
func said[N uint16 | uint32](n N, ok bool) int64 {
	if !ok {
		return -1
	}
	return int64(n)
}
