// Package sim is a vCenter for people without one.
//
// It is govmomi's vcsim (https://github.com/vmware/govmomi/tree/main/simulator)
// plus what vcsim lacks for port mirroring: VSPAN sessions on the distributed
// switch with vCenter's validation, faults, configuration versions and events;
// port keys that are unique on the switch, with connectees and moving counters;
// and hosts that mirror: virtual machines talk to each other, and every enabled
// session makes the host of its source port emit real GRE or ERSPAN packets
// from that host's own vmkernel address.
//
// Packets are encoded with gopacket and by hand in this package, never with the
// decoders they are meant to test, so that both cannot share a mistake. Nothing
// is ever sent to an address that is not a loopback address.
package sim
