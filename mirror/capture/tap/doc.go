// Package tap puts captured frames on a TAP device, where Zeek, Suricata or tcpdump finds them as if they came from a mirror port.
//
// The device is made here and goes with the process, also when that is killed. One that is there already is never touched. Nothing but
// the mirrored frames is on it: it has no addresses, no IPv6, no ARP and no multicast. And the frames go no further: behind the packet
// sockets of those who look, a filter drops them, because the stack of this machine would take a broadcast on a mirror for one to itself.
// A tool that looks must therefore ask for all protocols (ETH_P_ALL), as every analyser does.
//
// Linux only, with CAP_NET_ADMIN.
package tap
