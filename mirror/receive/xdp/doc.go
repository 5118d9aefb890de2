// Package xdp counts mirrored packets in the kernel, before its network stack
// sees them: a program at the XDP hook of an interface counts what user space
// has admitted, by conversation, accounts for the sequences of the streams it
// was given, and drops those packets. Everything else, and everything it cannot
// judge, is passed up as it came, to the packet ring and the network stack.
//
// Nothing that arrives can fill a table of the program: user space alone adds
// to them, within its own limits.
//
// The program is the C in bpf/, built to bpf/count_bpfel.o, which is committed:
// building this package needs neither clang nor headers. It is built for little
// endian machines; on others, and on other systems than Linux, Open says that
// there is no counting in the kernel. It asks for Linux 5.13, CAP_BPF and
// CAP_NET_ADMIN, and Linux 5.18 for packets of several buffers; it was tried on
// 5.15, 6.1, 6.12 and 6.18.
//
// # What is passed up
//
// Of protocol 47 these packets are passed up, whatever has been admitted:
//
//   - behind more than two VLAN tags; with IPv6 extension headers outside;
//     outer fragments; what is cut outside, or leaves its outer length to be
//     guessed;
//   - what gre.Parse and erspan.Decapsulate refuse; ERSPAN Type I; Type III
//     whose frame type is not Ethernet;
//   - mirrored frames to group addresses; of ARP, RARP and 802.3; with a third
//     VLAN tag; that are flawed, in the sense of frame.Frame.Inner; that carry
//     GRE, or IPv6 with extension headers.
//
// # Sequences
//
// The number of a Type II or Type III packet is accounted for in every admitted
// stream it belongs to, whether the packet is then counted or passed up; of a
// datagram in fragments, when its first fragment arrives. Whoever admits a
// stream leaves its numbers to the kernel altogether. One thing differs from
// what user space would do: of a Type III packet whose frame type is not
// Ethernet the number is accounted for even if its frame is then refused.
package xdp
