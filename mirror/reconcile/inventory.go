package reconcile

import (
	"cmp"
	"slices"
	"sync"

	"github.com/vspan-io/vspan/mirror"
)

// inventory is what is known of the switches right now. All methods may be called concurrently.
type inventory struct {
	owner string

	mu       sync.Mutex
	vcenters map[string]*listing
	switches map[mirror.SwitchID]*entry
	homes    *homes // as long as nothing changes that they follow from
}

// listing is how asking one vCenter for its switches fares.
type listing struct {
	listed bool          // once at least
	fault  *mirror.Fault // of the newest try
}

// entry is one switch.
type entry struct {
	loop    *loop
	read    *mirror.Switch  // the newest complete read; nil before the first
	markers map[string]bool // UIDs of this installation in it
	tried   int64           // the tick at which the newest finished read began, failed ones included
	fault   *mirror.Fault   // of the newest read; nil when it succeeded

	// What may come to stand here that no read has shown yet: anything while a pass plans from a list of sessions, then the sessions
	// it adds, until its next round has read what came of it. A read for somebody else says nothing: it may have come before.
	planning bool
	adding   map[string]bool

	orphans []mirror.VSPAN  // as of the newest pass
	held    []mirror.Change // likewise
}

func newInventory(owner string, vcenters map[string]VCenter) *inventory {
	i := &inventory{owner: owner, vcenters: make(map[string]*listing), switches: make(map[mirror.SwitchID]*entry), homes: newHomes()}
	for name := range vcenters {
		i.vcenters[name] = &listing{}
	}
	return i
}

// listed records how asking for the switches of a vCenter ended.
func (i *inventory) listed(vcenter string, fault *mirror.Fault) {
	i.mu.Lock()
	defer i.mu.Unlock()
	l := i.vcenters[vcenter]
	l.fault = fault
	l.listed = l.listed || fault == nil
	i.homes = newHomes()
}

func (i *inventory) add(l *loop) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.switches[l.id] = &entry{loop: l}
	i.homes = newHomes()
}

func (i *inventory) drop(id mirror.SwitchID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.switches, id)
	i.homes = newHomes()
}

// seen records a complete read that began at a tick.
func (i *inventory) seen(sw mirror.Switch, began int64) {
	markers := i.markersOn(sw)
	i.change(sw.ID, func(e *entry) {
		e.read, e.markers, e.tried, e.fault = &sw, markers, began, nil
		i.homes = newHomes()
	})
}

// glanced records sessions that were read anew beside what is known; it is no read that anybody waits for.
func (i *inventory) glanced(sw mirror.Switch) {
	markers := i.markersOn(sw)
	i.change(sw.ID, func(e *entry) {
		e.read, e.markers = &sw, markers
		i.homes = newHomes()
	})
}

// markersOn returns the UIDs of this installation on a switch.
func (i *inventory) markersOn(sw mirror.Switch) map[string]bool {
	markers := make(map[string]bool)
	for _, v := range sw.Sessions {
		if m, ok := v.Marker(); ok && m.Owner == i.owner {
			markers[m.UID] = true
		}
	}
	return markers
}

// unseen records a read that failed.
func (i *inventory) unseen(id mirror.SwitchID, fault *mirror.Fault, began int64) {
	i.change(id, func(e *entry) {
		e.tried, e.fault = began, fault
		i.homes = newHomes()
	})
}

// plans records that a pass is about to read the list of sessions it plans from.
func (i *inventory) plans(id mirror.SwitchID) {
	i.change(id, func(e *entry) { e.planning = true })
}

// adds records what the pass came to.
func (i *inventory) adds(id mirror.SwitchID, changes []mirror.Change) {
	i.change(id, func(e *entry) {
		e.planning, e.adding = false, make(map[string]bool)
		for _, c := range changes {
			if c.Operation == mirror.Add {
				e.adding[c.UID] = true
			}
		}
	})
}

// leaves records what a pass found that it leaves alone.
func (i *inventory) leaves(id mirror.SwitchID, orphans []mirror.VSPAN, held []mirror.Change) {
	i.change(id, func(e *entry) { e.orphans, e.held = orphans, held })
}

// newest returns the newest complete read of a switch.
func (i *inventory) newest(id mirror.SwitchID) (mirror.Switch, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if e := i.switches[id]; e != nil && e.read != nil {
		return *e.read, true
	}
	return mirror.Switch{}, false
}

func (i *inventory) change(id mirror.SwitchID, change func(*entry)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if e := i.switches[id]; e != nil {
		change(e)
	}
}

// readAfter returns the newest read of a switch if it succeeded and began after a tick, else nil.
func (i *inventory) readAfter(id mirror.SwitchID, tick int64) *mirror.Switch {
	i.mu.Lock()
	defer i.mu.Unlock()
	if e := i.switches[id]; e != nil && e.fault == nil && e.tried > tick {
		return e.read
	}
	return nil
}

// picture is the inventory at one moment; it does not change afterwards.
type picture struct {
	entries  []entry         // by name of the switch
	switches []mirror.Switch // that were read, in the same order
	vcenters map[string]listing
	homes    *homes
}

func (i *inventory) picture() picture {
	i.mu.Lock()
	defer i.mu.Unlock()
	p := picture{vcenters: make(map[string]listing), homes: i.homes}
	for name, l := range i.vcenters {
		p.vcenters[name] = *l
	}
	for _, e := range i.switches {
		p.entries = append(p.entries, *e)
	}
	slices.SortFunc(p.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.name(), b.name()), cmp.Compare(a.loop.id.VCenter, b.loop.id.VCenter), cmp.Compare(a.loop.id.UUID, b.loop.id.UUID))
	})
	for _, e := range p.entries {
		if e.read != nil {
			p.switches = append(p.switches, *e.read)
		}
	}
	return p
}

func (e entry) name() string {
	if e.read == nil {
		return ""
	}
	return e.read.Name
}
