package evidence

import (
	"net/netip"
	"slices"

	"github.com/vspan-io/vspan/mirror/frame"
)

// Table is what sessions are expected to send, arranged for lookup. It does not change: its owner makes a new one when a session or
// a placement changes and swaps it in.
type Table struct {
	rows         []row
	byID         map[idKey][]int32
	byMAC        map[macKey][]place
	floods       map[netip.Addr][]int32 // sessions without an id, by destination: any of them may mirror a broadcast
	listed       map[netip.Addr]bool    // every host's addresses
	destinations map[netip.Addr]bool
	of           []Expectation // what it was made of
}

// row is one session, arranged for lookup.
type row struct {
	Expectation
	macs   map[frame.MAC][]int32 // sources by MAC; two ports may have one
	byHost map[string][]int32
	all    []int32
}

// place is one source in the table.
type place struct{ row, source int32 }

type idKey struct {
	destination netip.Addr
	id          uint16
}

type macKey struct {
	destination netip.Addr
	mac         frame.MAC
}

// NewTable arranges expectations, which must not be changed afterwards. Of two with the same UID the last one counts.
func NewTable(expectations []Expectation) *Table {
	t := &Table{
		byID:         make(map[idKey][]int32),
		byMAC:        make(map[macKey][]place),
		floods:       make(map[netip.Addr][]int32),
		listed:       make(map[netip.Addr]bool),
		destinations: make(map[netip.Addr]bool),
		of:           expectations,
	}
	last := make(map[string]int, len(expectations))
	for i, e := range expectations {
		last[e.UID] = i
	}
	for i, e := range expectations {
		if last[e.UID] == i {
			t.add(e)
		}
	}
	return t
}

// Renew arranges expectations anew if they are not those of t, and is t otherwise: a ledger that turns to another table has to think
// about every packet again. t may be nil.
func (t *Table) Renew(expectations []Expectation) *Table {
	if t != nil && slices.EqualFunc(t.of, expectations, Expectation.equal) {
		return t
	}
	return NewTable(expectations)
}

func (t *Table) add(e Expectation) {
	r := row{Expectation: e, macs: make(map[frame.MAC][]int32), byHost: make(map[string][]int32)}
	index := int32(len(t.rows))
	for i, s := range e.Sources {
		at := int32(i)
		r.all = append(r.all, at)
		if !s.MAC.IsZero() {
			r.macs[s.MAC] = append(r.macs[s.MAC], at)
		}
		if s.Host != "" {
			r.byHost[s.Host] = append(r.byHost[s.Host], at)
		}
	}
	t.rows = append(t.rows, r)
	for a := range e.Exporters {
		t.listed[a] = true
	}
	for _, d := range e.Destinations {
		t.addDestination(d, index, r)
	}
}

func (t *Table) addDestination(d netip.Addr, index int32, r row) {
	t.destinations[d] = true
	if r.Type.HasSession() {
		k := idKey{d, r.ID}
		t.byID[k] = append(t.byID[k], index)
	} else {
		t.floods[d] = append(t.floods[d], index)
	}
	for mac, sources := range r.macs {
		k := macKey{d, mac}
		for _, s := range sources {
			t.byMAC[k] = append(t.byMAC[k], place{index, s})
		}
	}
}

// Expectations returns what the table was made of. It must not be changed.
func (t *Table) Expectations() []Expectation {
	if t == nil {
		return nil
	}
	return t.of
}
