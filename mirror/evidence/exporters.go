package evidence

import (
	"net/netip"
	"time"
)

// exporters are the outer source addresses that sent for a session. There are as many as hosts have that are listed, and mostly few.
type exporters struct {
	list []exporterTally
	at   map[netip.Addr]int32 // of list, where something is counted; nil in a copy
}

// exporterTally is what one outer source address sent for a session.
type exporterTally struct {
	address netip.Addr
	host    string
	packets uint64
	last    time.Time
}

// of is the tally of an address; nil when it has sent nothing.
func (e *exporters) of(a netip.Addr) *exporterTally {
	for i := range e.list {
		if e.list[i].address == a {
			return &e.list[i]
		}
	}
	return nil
}

// add adds packets of an address, which is the host's now.
func (e *exporters) add(a netip.Addr, host string, packets uint64, last time.Time) {
	i, known := e.at[a]
	if !known {
		if e.at == nil {
			e.at = make(map[netip.Addr]int32)
		}
		i = int32(len(e.list))
		e.at[a], e.list = i, append(e.list, exporterTally{address: a})
	}
	e.list[i].add(host, packets, last)
}

func (t *exporterTally) add(host string, packets uint64, last time.Time) {
	t.host, t.packets, t.last = host, t.packets+packets, later(t.last, last)
}

// join adds what another ledger counted to a copy.
func (e *exporters) join(o *exporters) {
	for i := range o.list {
		other := &o.list[i]
		have := e.of(other.address)
		if have == nil {
			e.list = append(e.list, exporterTally{address: other.address})
			have = &e.list[len(e.list)-1]
		}
		have.add(other.host, other.packets, other.last)
	}
}
