package main

import (
	"fmt"

	"github.com/vspan-io/vspan/bench/traffic"
)

// load is traffic that is sent over a link.
type load struct {
	name       string
	spec       traffic.Spec
	conversing bool // its conversations go on when the packets go round
}

// mixed is few enough packets for the sender to have them in its cache, so that what it costs to send is not much of what is compared.
var mixed = load{name: "mixed", spec: traffic.Spec{Packets: 2048}}

// conversations are 10,048 of TCP, in 64 sessions.
var conversations = load{name: "conversations", spec: traffic.Spec{Packets: 1 << 16, Sessions: 64, Sources: 1, Talks: 157, OnlyTCP: true}, conversing: true}

// loadOf is the load of a name.
func loadOf(name string) (load, error) {
	for _, l := range []load{mixed, conversations} {
		if l.name == name {
			return l, nil
		}
	}
	return load{}, fmt.Errorf("no such load: %q", name)
}
