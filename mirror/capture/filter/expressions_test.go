package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// expressions are what people write, and what they should better not.
var expressions = strings.Split(strings.TrimSpace(`
ip
ip6
arp
rarp
tcp
udp
sctp
icmp
icmp6
igmp
igrp
pim
vrrp
carp
ah
esp
stp
iso
ipx
netbeui
atalk
aarp
decnet
lat
sca
moprc
mopdl
not ip
! ip6
not not tcp
ip or ip6
ip || arp
ip && tcp
tcp or udp and port 53
tcp or (udp and port 53)
not tcp and not udp
not (tcp or udp)
host 10.0.0.1
host 10.0.0.1 or 10.0.1.2
host 10.0.0.1 and 10.0.1.2
host 10.0.0.1 and not 10.0.1.2
not host 10.0.0.1 and 10.0.1.2
src host 10.0.0.1
dst host 10.0.0.1
src 10.0.0.1
dst 10.0.0.1
src or dst 10.0.0.1
dst or src host 10.0.0.1
src and dst host 192.168.7.9
dst and src 192.168.7.9
ip host 10.0.0.1
arp host 10.0.0.1
rarp host 10.0.0.1
ip src 10.0.0.1
arp dst host 10.0.1.2
host 10.0
host 10.0.1
host 167772161
host 2001:db8::1
ip6 host 2001:db8::1
src host 2001:db8::1
dst host 2001:db8:0:1::2
ip6 dst ff02::fb
host 2001:DB8:0:0:0:0:0:1
host ::ffff:10.0.0.1
src host 2001:db8::1 or 10.0.0.1
src and dst host 2001:db8::1
net 10
net 10.0
net 10.0.0
net 10.0.0.0/24
net 10.0.0.0/23
net 10.0/16
net 0.0.0.0/0
net 0
net 1
net 192.168.0.0 mask 255.255.0.0
net 10.0.1.0 mask 255.255.255.0
src net 10.0.1.0/24
dst net 10.0.0.0/24 or 192.168.7.0/24
src and dst net 10.0.0.0/8
arp net 10.0.0.0/24
net 2001:db8::/32
net 2001:db8:0:1::/64
net ::/0
net 2001:db8::1
src net 2001:db8::/48
ip6 net ff00::/8
not net 2001:db8::/127
port 80
port 0x50
port 80 or 443
port (80 or 443)
port (not 80)
port not 80
port 80 or (443 or 22)
port 80 or (443)
tcp port 80
udp port 53
sctp port 80
tcp port 80 or 443 or 22
tcp src port 80
tcp dst port 80
src port 80
dst port 80
src or dst port 53
src and dst port 80
dst and src port 80
udp src and dst port 6005
port 0
port 65535
port http
port domain
tcp port ssh
udp port domain
tcp port (http or https)
portrange 6000-6008
portrange 6008-6000
udp portrange 5000-6000
src portrange 1-100
tcp dst portrange 1024-65535
portrange 80
portrange ssh-http
not port 80
not tcp port 80
tcp and not port 22
host 10.0.0.1 and port 80
host 10.0.0.1 and (port 80 or port 443)
src host 10.0.0.1 and dst port 80 or src port 80 and dst host 10.0.0.1
ip proto 6
ip proto 17
ip proto \tcp
ip proto \tcp or \udp
ip proto gre
ip proto ospf
ip6 proto 58
ip6 proto 0
ip6 proto 44
ip6 proto \ipv6-icmp or 6
ip6 proto ipv6-icmp
proto 6
proto \sctp
proto UDP
proto 47
ip proto 300
ether proto 0x800
ether proto \ip
ether proto \arp or 0x86dd
ether proto loopback
ether proto 0x88cc
ether proto 0x42
ether proto 0x47
ether proto 6
ether proto 0xf0
ether proto 0xfe
ether proto 0xe0
ether proto 0x8137
ether proto \ipx
ether proto 0x809b
ether proto 0x80f3
ether proto 1500
ether proto 1501
ether proto 0
ether proto 70000
ether host 00:50:56:01:02:03
ether src 00:50:56:01:02:03
ether dst 0:50:56:1:2:3
ether src or dst 00-50-56-04-05-06
ether host 0050.5601.0203
ether host 005056010203
ether host 00.50.56.01.02.03
ether src and dst 00:50:56:01:02:03
not ether host 00:50:56:01:02:03
ether dst ff:ff:ff:ff:ff:ff
link host 00:50:56:01:02:03 or 00:50:56:04:05:06
broadcast
ether broadcast
ip broadcast
multicast
ether multicast
ip multicast
ip6 multicast
not broadcast and not multicast
vlan
vlan 100
vlan 200
vlan (100)
vlan 4095
vlan 0
vlan and ip
vlan 100 and ip
vlan 100 and tcp port 80
vlan and vlan
vlan 100 and vlan 200
vlan and vlan 200 and ip
vlan and vlan and vlan 3
vlan or ip
ip or vlan
not vlan
not vlan and ip
vlan 100 or vlan 200
(vlan and ip) or ip
vlan and host 10.0.0.1
vlan and net 2001:db8::/32
vlan and arp
vlan and ether host 00:50:56:01:02:03
vlan and ether proto 0x42
vlan and tcp[tcpflags] & tcp-syn != 0
vlan and ether[12:2] = 0x8100
tcp port 80 and (vlan or port 443)
less 60
greater 60
len > 70
len <= 70
len = 64
length != 64
len - 14 > 60
len < 60 or len >= 100
tcp[tcpflags] & tcp-syn != 0
tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn
tcp[tcpflags] & (tcp-syn|tcp-fin) != 0
tcp[tcpflags] & tcp-rst != 0
tcp[tcpflags] == tcp-syn|tcp-ack
tcp[tcpflags] & tcp-push = tcp-push
tcp[tcpflags] & (tcp-ece|tcp-cwr|tcp-urg) != 0
tcp[13] = 2
tcp[13] == 18
tcp[0:2] = 80
tcp[2:2] > 1000 and tcp[2:2] < 50000
tcp[4:4] = 1
tcp[12] >> 4 > 5
(tcp[12] & 0xf0) >> 2 > 20
tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)
tcp[((tcp[12] & 0xf0) >> 2):1] = 0
udp[0:2] = 53
udp[4:2] > 8
sctp[0:2] = 80
igmp[0] = 0x16
pim[0] = 0x20
vrrp[0] = 0x31
icmp[icmptype] = icmp-echo
icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply
icmp[icmptype] == icmp-unreach and icmp[icmpcode] == 13
icmp[0] = 3
icmp6[icmp6type] = icmp6-echo
icmp6[0] = 135
icmp6[icmp6type] == icmp6-neighborsolicit or icmp6[icmp6type] == icmp6-neighboradvert
icmp6[icmp6type] > 127 and icmp6[icmp6code] = 0
ip[0] & 0xf != 5
ip[0] & 0xf > 5
ip[6:2] & 0x1fff = 0
ip[6:2] & 0x3fff != 0
ip[8] < 65
ip[9] = 6 or ip[9] = 17
ip[12:4] = 0x0a000001
ip[2:2] > 60
ip[-2:2] = 0x800
ip[-14] & 1 = 1
ip6[6] = 6
ip6[40] = 17
ip6[6] = 44 and ip6[42:2] & 0xfff8 = 0
ip6[4:2] < 40
arp[6:2] = 1
arp[14:4] = 0x0a000001
rarp[7] = 3
ether[0] & 1 != 0
ether[12:2] = 0x0806
ether[12:2] <= 1500
ether[len - 1] = 0
ether[0:4] = 0xffffffff and ether[4:2] = 0xffff
ether[6:4] != 0x00505601
ether[14] / 16 = 4
ether[14] * 2 = 138
ether[14] % 16 + 1 = 6
ether[14] ^ 0x40 = 5
ether[14] | 1 = 0x45
ether[14] << 24 >> 24 = 0x45
- ether[14] = 0xffffffbb
ether[100] & 0 = 0
ether[1000] = 1
len % 3 + 1 = 2
len / (ether[14] - 69) > 1
1 + tcp[0] = 5
5 > ether[14]
5 <= ether[14]
ether[14] > ip[8]
ip[ip[0] & 0xf] = 0x40
ip[ip[0] - 70] = 1
1 = 1
1 > 2
1 = 1 and tcp
tcp or not tcp
ip and ip6
port 80 and port 443
(((tcp)))
( host 10.0.0.1 ) and ( tcp port ( 80 or 443 ) )
ip host 10.0.0.1 or ip6 host 2001:db8::1
`), "\n")

// packets are all that expressions are compared on.
func packets(t testing.TB) []packet {
	whole := generated()
	return slices.Concat(samples(t), whole, cut(whole))
}

// The same packets as tcpdump takes, of the samples, of what is inside of them
// and of generated frames, cut and whole.
func TestMatchesAsTcpdump(t *testing.T) {
	oracle := newTcpdump(t, packets(t))
	t.Logf("%d expressions, %d packets", len(expressions), len(oracle.packets))
	for _, expression := range expressions {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			f, err := Compile(expression)
			if err != nil {
				t.Fatal(err)
			}
			if f.String() != expression {
				t.Errorf("String() = %q", f.String())
			}
			want, err := oracle.match(t, expression)
			if err != nil {
				t.Fatal(err)
			}
			for i, got := range ours(f, oracle.packets) {
				if p := oracle.packets[i]; got != want[i] {
					t.Errorf("%s: %v, tcpdump says %v\n%x", p.origin, got, want[i], p.bytes)
				}
			}
		})
	}
}

// Every named port, as tcpdump and the machine's table have it.
func TestNamesAsTcpdump(t *testing.T) {
	oracle := newTcpdump(t, generated())
	for name, p := range ports() {
		number := fmt.Sprintf("port %d", p.number)
		if p.protocol != anyProtocol {
			number = p.protocol.name() + " " + number
		}
		named, err := oracle.program(t, "port "+name)
		if errors.Is(err, errRefused) {
			t.Logf("this machine does not know the port %s", name)
			continue
		}
		if numbered, err := oracle.program(t, number); err != nil || named != numbered {
			t.Errorf("port %s is not %s (%v)", name, number, err)
		}
	}
	for name, number := range protocolNumbers() {
		named, err := oracle.program(t, `ip proto \`+name)
		if errors.Is(err, errRefused) {
			t.Logf("this machine does not know the protocol %s", name)
			continue
		}
		if numbered, err := oracle.program(t, fmt.Sprintf("ip proto %d", number)); err != nil || named != numbered {
			t.Errorf("protocol %s is not %d (%v)", name, number, err)
		}
	}
}
