package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// fakeVCenter is a vCenter with switches in memory: configVersion is compared and swapped, watchers are notified. Its fields may be changed
// while it is used by those who hold mu.
type fakeVCenter struct {
	mu       sync.Mutex
	name     string
	switches map[string]*fakeSwitch // by UUID
	down     error                  // every call fails with it
	lists    int
	stalled  chan struct{} // reads wait until it is closed; set before the reads begin
	takes    time.Duration // each read; set before the reads begin
}

type fakeSwitch struct {
	sw       mirror.Switch
	version  int
	next     int // key
	watchers map[int]func()
	cut      chan struct{} // closed to end the watches there are
	watches  int

	reads   int
	applied [][]mirror.Change // every call, refused ones included
	broken  error             // reading fails
	before  func()            // called with mu held before a change is looked at
	refuse  func([]mirror.Change) error
	after   func([]mirror.Change) error // the changes stand and yet the call fails
	carried func([]mirror.Change)       // called with mu held when the changes stand
	merges  bool                        // an edit adds source ports and takes none away: whether vCenter's does, is not documented
	forgets bool                        // like stock vcsim: succeeds and keeps nothing, and has no configVersion
	keep    func(mirror.VSPAN) mirror.VSPAN
}

func newFake(name string, uuids ...string) *fakeVCenter {
	f := &fakeVCenter{name: name, switches: make(map[string]*fakeSwitch)}
	for i, uuid := range uuids {
		s := &fakeSwitch{version: 1, next: 1, watchers: make(map[int]func()), cut: make(chan struct{})}
		s.sw = mirror.Switch{
			ID: mirror.SwitchID{VCenter: name, UUID: uuid}, Name: "DVS" + strconv.Itoa(i), Version: "8.0.0",
			Hosts: []mirror.Host{{ID: "host-1", Name: "esx-01", Connected: true, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.11")}}},
		}
		f.switches[uuid] = s
	}
	return f
}

// vm connects a VM to a switch.
func (s *fakeSwitch) vm(key, name, host string) {
	s.sw.Ports = append(slices.Clip(s.sw.Ports), mirror.Port{
		Key: key, Connectee: mirror.VMNIC, VM: name, VMID: "vm-" + name, NIC: "Network adapter 1", MAC: "00:50:56:00:00:" + key[len(key)-2:],
		Host: host, Connected: true, LinkUp: true,
	})
}

func (f *fakeVCenter) Switches(ctx context.Context) ([]mirror.SwitchID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lists++
	if f.down != nil {
		return nil, f.down
	}
	var ids []mirror.SwitchID
	for _, s := range f.switches {
		ids = append(ids, s.sw.ID)
	}
	return ids, ctx.Err()
}

func (f *fakeVCenter) at(id mirror.SwitchID) (*fakeSwitch, error) {
	s := f.switches[id.UUID]
	switch {
	case f.down != nil:
		return nil, f.down
	case s == nil:
		return nil, mirror.Faultf(mirror.SwitchNotFound, id.UUID, "is gone")
	default:
		return s, s.broken
	}
}

func (f *fakeVCenter) Observe(ctx context.Context, id mirror.SwitchID) (mirror.Switch, error) {
	if f.stalled != nil {
		<-f.stalled
	}
	time.Sleep(f.takes) // the bubble's time: nobody waits
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.at(id)
	if s != nil {
		s.reads++
	}
	if err != nil {
		return mirror.Switch{}, err
	}
	sw := s.sw
	sw.Sessions = slices.Clone(sw.Sessions)
	sw.ReadAt = time.Now()
	if !s.forgets {
		sw.ConfigVersion = strconv.Itoa(s.version)
	}
	return sw, ctx.Err()
}

func (f *fakeVCenter) Apply(ctx context.Context, id mirror.SwitchID, configVersion string, changes []mirror.Change) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.at(id)
	if err != nil {
		return err
	}
	s.applied = append(s.applied, changes)
	if s.before != nil {
		s.before()
	}
	if s.refuse != nil {
		if err := s.refuse(changes); err != nil {
			return err
		}
	}
	if s.forgets {
		return nil
	}
	if configVersion != strconv.Itoa(s.version) {
		return mirror.Faultf(mirror.ConcurrentAccess, id.UUID, "is of version %d, not %s", s.version, configVersion)
	}
	if err := s.carryOut(changes); err != nil {
		return err
	}
	s.changed()
	if s.carried != nil {
		s.carried(changes)
	}
	if s.after != nil {
		return s.after(changes)
	}
	return nil
}

func (s *fakeSwitch) carryOut(changes []mirror.Change) error {
	sessions := slices.Clone(s.sw.Sessions)
	for _, c := range changes {
		v := c.Session
		if s.keep != nil {
			v = s.keep(v)
		}
		at := slices.IndexFunc(sessions, func(v mirror.VSPAN) bool { return v.Key == c.Session.Key })
		switch {
		case c.Operation == mirror.Add:
			v.Key = strconv.Itoa(s.next)
			s.next++
			sessions = append(sessions, v)
		case at < 0:
			return mirror.Faultf(mirror.VCenterFault, "session "+c.Session.Key, "is not there")
		case c.Operation == mirror.Edit:
			if s.merges {
				v.FromVM, v.ToVM = merged(sessions[at].FromVM, v.FromVM), merged(sessions[at].ToVM, v.ToVM)
			}
			sessions[at] = v
		default:
			sessions = slices.Delete(sessions, at, at+1)
		}
	}
	s.sw.Sessions = sessions
	return nil
}

func merged(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// changed makes a new version and tells the watchers; the caller holds mu.
func (s *fakeSwitch) changed() {
	s.version++
	for _, notify := range s.watchers {
		notify()
	}
}

func (f *fakeVCenter) Watch(ctx context.Context, id mirror.SwitchID, notify func()) error {
	f.mu.Lock()
	s, err := f.at(id)
	if err != nil {
		f.mu.Unlock()
		return err
	}
	s.watches++
	n := s.watches
	s.watchers[n] = notify
	cut := s.cut
	f.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-cut:
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(s.watchers, n)
	if ctx.Err() == nil {
		return errors.New("the watch was cut")
	}
	return nil
}

// breakWatch ends the watches there are; the caller holds mu.
func (s *fakeSwitch) breakWatch() {
	close(s.cut)
	s.cut = make(chan struct{})
}

// meddle changes a switch the way a person does.
func (f *fakeVCenter) meddle(uuid string, change func(*fakeSwitch)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.switches[uuid]
	s.sw.Sessions = slices.Clone(s.sw.Sessions)
	s.sw.Ports = slices.Clone(s.sw.Ports)
	change(s)
	s.changed()
}

// rig changes how a switch behaves, and tells nobody.
func (f *fakeVCenter) rig(uuid string, change func(*fakeSwitch)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f.switches[uuid])
}

// look returns what stands on a switch, how often it was read, and the calls to change it.
func (f *fakeVCenter) look(uuid string) (sessions []mirror.VSPAN, reads int, applied [][]mirror.Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.switches[uuid]
	return s.sw.Sessions, s.reads, slices.Clone(s.applied)
}

func (f *fakeVCenter) setDown(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = err
}

func (f *fakeVCenter) String() string { return fmt.Sprintf("fake vCenter %q", f.name) }
