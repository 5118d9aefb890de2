package erspan

import "testing"

func TestEthernetLikeness(t *testing.T) {
	const macs = "005056000002 005056000001"
	for _, c := range []struct {
		name, hex string
		want      likeness
	}{
		{"nothing", "", unlike},
		{"one byte short", macs + "08", unlike},
		{"source is a group", "005056000002 015056000001 0800 45", unlike},
		{"source is nobody", "005056000002 000000000000 0800 45", unlike},
		{"destination is nobody", "000000000000 005056000001 0800 45", unlike},
		{"between length and type", macs + "05ff", unlike},
		{"length below LLC", macs + "0002 4242", unlike},
		{"LLC with two service access points", macs + "0003 424303", unlike},
		{"LLC with unheard of ones", macs + "0003 e0e003", unlike},
		{"LLC cut", macs + "0003 42", possible},
		{"LLC, longer than what is there", macs + "0026 424203", probable},
		{"spanning tree", macs + "0003 424203", certain},
		{"SNAP", macs + "0008 aaaa03 00000c 2000", certain},
		{"IS-IS", macs + "0003 fefe03", certain},
		{"IPv4", macs + "0800 45", certain},
		{"IPv4 of 16 bytes", macs + "0800 44", possible},
		{"IPv4 cut", macs + "0800", possible},
		{"IPv6", macs + "86dd 60", certain},
		{"IPv6 that says 4", macs + "86dd 45", possible},
		{"ARP", macs + "0806 0001", certain},
		{"RARP", macs + "8035 0001", certain},
		{"ARP of no network", macs + "0806 0000", possible},
		{"LLDP", macs + "88cc", probable},
		{"unheard of type", macs + "7777", possible},
		{"tag cut", macs + "8100 00", probable},
		{"tag", macs + "8100 0017 0800 45", certain},
		{"tag of old", macs + "9100 0017 0800 45", certain},
		{"greatest length", macs + "05dc 424203", probable},
		{"least type", macs + "0600", possible},
		{"two tags", macs + "88a8 0017 8100 0017 86dd 60", certain},
		{"three tags", macs + "88a8 0017 8100 0017 8100 0017 0800 45", possible},
	} {
		if got := ethernetLikeness(unhex(t, c.hex)); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
