// Package filter is the useful part of the packet filter language that tcpdump
// and Wireshark's capture filters speak, over the inner frames of mirrors.
//
// The language is that of pcap-filter(7) on Ethernet, and where libpcap is odd
// this package is odd in the same way, because people know what their filters
// do: vlan moves all that is written behind it past the tag, a frame that is too
// short for what a test reads is refused as a whole, also under a not, ports are
// looked for in first fragments only and, in IPv6, not behind extension headers,
// tcp[…] reads IPv4 only, and a and b have the same precedence as a or b.
//
// Supported are host, net (with /len and mask), port, portrange, proto, ether
// host, ether proto, broadcast, multicast, vlan, less, greater, len, the
// protocols by name, byte accessors with arithmetic, and the names of ICMP types
// and TCP flags. Host names are not looked up. Names of ports and protocols are
// those of the tables in this package, not of the machine. What libpcap has for
// other links, for tunnels and for kernels is refused, with the position.
package filter
