// Package capture hands mirrored frames on: a Broker takes what the packet path attributed to a session and gives each subscriber a copy
// of its own. It does what a network packet broker does between a mirror port and the tools that look at it.
//
// The packet path comes first. While nobody subscribes it pays one atomic load for a packet. It takes no lock, never waits for a
// subscriber and allocates nothing: each subscription has a bounded buffer of its own for every worker of the receiver, and what does
// not fit is lost to that subscription alone, and counted.
//
// Packages below write what a subscription reads: recording (pcapng and pcap), ringfile, tap.
package capture
