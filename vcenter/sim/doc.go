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
// decoders they are meant to test, so that both cannot share a mistake. No mirror
// packet is ever sent to an address that is not a loopback address.
//
// Guests answer what comes from outside: what Deliver is given, and with
// Options.TUN what this machine sends to their addresses.
//
// # Control API
//
// JSON over HTTP, one route for each Go method. Errors are {"error": "…"}, with
// "fault" naming the vSphere fault if there was one.
//
//	GET    /state                          hosts, machines, sessions, counters
//	POST   /vms/{vm}/move                  {"host": "esx-02"}
//	POST   /vms/{vm}/power                 {"on": false}
//	POST   /vms/{vm}/quiet                 {"quiet": true}
//	POST   /vms/{vm}/mute                  {"mute": true}
//	POST   /vms/{vm}/tools                 {"running": false}
//	POST   /vms/{vm}/nics                  {"portgroup": "prod-db"}
//	DELETE /vms/{vm}/nics/{port}
//	POST   /vms/{vm}/rename                {"name": "web-03"}
//	POST   /vms/{vm}/folder                {"folder": "payments"}
//	POST   /vms/{vm}/tags                  {"tag": "pci"}
//	DELETE /vms/{vm}/tags/{tag}
//	POST   /hosts/{host}/tags              {"tag": "site-east"}
//	DELETE /hosts/{host}/tags/{tag}
//	DELETE /vms/{vm}
//	POST   /ports/{key}/reassign           {"vm": "client-01"}
//	POST   /portgroups/{name}/promiscuous  {"on": true}
//	POST   /hosts/{host}/disconnect        also /reconnect, /break, /mend
//	POST   /hosts/{host}/vmkernel          {"device": "vmk1", "address": "10.0.0.1/24", "mtu": 9000, "stack": "mirror", "remove": false}
//	POST   /hosts/{host}/hide-network
//	POST   /portgroups/{name}/binding      {"binding": "ephemeral"}
//	POST   /vms/{vm}/sriov                 {"portgroup": "prod-web"}
//	POST   /vms/{vm}/passthrough           {"label": "PCI device 0"}
//	POST   /capability                     {"l3Source": true, "erspan": true, "netstack": false}
//	POST   /clock                          {"ahead": "90s"}
//	POST   /users/{user}/deny              {"privilege": "DVSwitch.Vspan", "object": "DVS0"}
//	PUT    /hosts/{host}/path              a Path: {"mtu": 1400, "reordered": 0.1}
//	PUT    /hosts/{host}/emission          an Emission: {"erspanId": 999}
//	POST   /stranger                       {"address": "127.9.9.9"}, "" ends it
//	POST   /carrier                        {"vm": "web-01"}, "" ends it
//	POST   /loss                           {"share": 0.1}
//	POST   /counters/refresh               {"every": "20s"}
//	POST   /counters/freeze                {"frozen": true}
//	GET    /sessions
//	POST   /sessions                       a SessionSpec
//	PATCH  /sessions/{key}                 the fields to change
//	DELETE /sessions/{key}
//	POST   /tasks/delay                    {"delay": "5s"}
//	POST   /tasks/fail                     {"stage": "before", "count": 1}
//	POST   /logins/expire
package sim
