package vcenter

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// calm is the pause after a notification: what changes meanwhile becomes one.
const calm = 250 * time.Millisecond

// Watch calls notify whenever a read of the switch may find something new, until ctx ends; then it returns nil. It returns a
// mirror.SwitchNotFound fault when the switch is gone. notify is called at the beginning too, and after every interruption, because
// what changed meanwhile was not seen; never twice at once, and at most four times a second. It must not block for long.
//
// It sees: any change of the switch's configuration, which includes all sessions; its portgroups; and of the VMs with an adapter on
// the switch their name, folder, host, power state and any change of their configuration, e.g. of adapters; connection state and vmkernel
// addresses of hosts; and while they are followed, within Config.TagInterval, the tags of these VMs. It does not see: port counters
// and link state, a port that is blocked, folders that are renamed, and what the user may not read. Read the switch now and then all
// the same.
func (c *Client) Watch(ctx context.Context, id mirror.SwitchID, notify func()) error {
	ctx, cancel := context.WithCancel(ctx)
	gently := spaced{notify: notify}
	var tags sync.WaitGroup
	tags.Go(func() { c.watchTags(ctx, id, func() { gently.call(ctx) }) })
	defer tags.Wait()
	defer cancel()
	return c.watchSwitch(ctx, id, func() { gently.call(ctx) })
}

// spaced calls a function never twice at once, and with calm between.
type spaced struct {
	mu     sync.Mutex
	last   time.Time
	notify func()
}

func (s *spaced) call(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pause(ctx, calm-time.Since(s.last))
	if ctx.Err() == nil {
		s.notify()
		s.last = time.Now()
	}
}

// watchSwitch is Watch without the tags.
func (c *Client) watchSwitch(ctx context.Context, id mirror.SwitchID, notify func()) error {
	for failures := 0; ; {
		began := time.Now()
		err := c.watchOnce(ctx, id, notify)
		if ctx.Err() != nil {
			return nil
		}
		if f, ok := errors.AsType[*mirror.Fault](err); ok && f.Reason == mirror.SwitchNotFound {
			return err
		}
		if time.Since(began) >= settled {
			failures = 0
		}
		wait := time.Duration(0) // a login that ended is renewed at once
		if failures++; failures > 1 {
			wait = jitter(delayAfter(nil, failures-1))
		}
		c.log.Info("watching the switch was interrupted", "vcenter", c.config.Name, "switch", id.UUID, "error", err, "next", wait)
		pause(ctx, wait)
	}
}

// watchOnce watches within one login.
func (c *Client) watchOnce(ctx context.Context, id mirror.SwitchID, notify func()) error {
	conn, err := c.enter(ctx)
	if err != nil {
		return err
	}
	defer conn.users.leave()
	within, cancel := conn.within(ctx)
	err = c.watchWithin(within, conn, id, notify)
	if context.Cause(within) == errLoginGone {
		err = errLoginGone
	}
	cancel()
	c.learn(ctx, conn, err)
	if vanished(err) {
		c.switches.replace(nil)
	}
	return explain(ctx, err, c.object(id), c.config)
}

func (c *Client) watchWithin(ctx context.Context, conn *connection, id mirror.SwitchID, notify func()) error {
	name, err := c.locate(ctx, conn, id)
	if err != nil {
		return err
	}
	kinds := []types.PropertySpec{
		kind("DistributedVirtualPortgroup", "name", "config"),
		kind("VirtualMachine", "name", "parent", "runtime.host", "runtime.powerState", "network", "config.changeVersion"),
		kind("HostSystem", "runtime.connectionState", "config.network.vnic"),
	}
	view, err := conn.view(ctx, kinds[0].Type, kinds[1].Type, kinds[2].Type)
	if err != nil {
		return err
	}
	defer conn.drop(ctx, view)
	// The portgroups come by the view and not by way of their switch: govmomi's simulator can lock itself up when an object is
	// changed that a filter starts from.
	u, err := conn.follow(ctx, c.config.timeout(), exactly([]reference{name.ref}, kind("DistributedVirtualSwitch", "name", "config")), within(view, kinds...))
	if err != nil {
		return err
	}
	defer u.close(ctx)
	w := watched{sw: name.ref, groups: make(map[reference]bool), on: make(map[reference]bool)}
	for first := true; ; first = false {
		changes, err := u.next(ctx)
		if err != nil {
			return err
		}
		concerned, gone := w.concerned(changes)
		if gone {
			defer c.switches.replace(nil)
			return mirror.Faultf(mirror.SwitchNotFound, c.object(id), "was deleted, or user %q may not see it any more", c.config.Username)
		}
		if concerned || first {
			notify()
			pause(ctx, calm)
		}
	}
}

// watched knows which portgroups are the switch's and which VMs are on them, so that the coming and going of others wakes nobody.
type watched struct {
	sw     reference
	groups map[reference]bool
	on     map[reference]bool // VMs
}

// concerned reports whether any of the changes concerns the switch.
func (w *watched) concerned(changes []types.ObjectUpdate) (concerned, gone bool) {
	// Portgroups first: whether a VM is on the switch depends on them.
	for _, u := range changes {
		switch u.Obj.Type {
		case "DistributedVirtualPortgroup":
			concerned = w.concernsGroup(u) || concerned
		case "VirtualMachine":
		default:
			concerned = true
			gone = gone || u.Obj == w.sw && u.Kind == types.ObjectUpdateKindLeave
		}
	}
	for _, u := range changes {
		if u.Obj.Type == "VirtualMachine" && w.concernsVM(u) {
			concerned = true
		}
	}
	return concerned, gone
}

// concernsGroup reports whether a portgroup that changed is the switch's. It belongs to one switch for its life.
func (w *watched) concernsGroup(u types.ObjectUpdate) bool {
	if u.Kind == types.ObjectUpdateKindLeave {
		was := w.groups[u.Obj]
		delete(w.groups, u.Obj)
		return was
	}
	for _, change := range u.ChangeSet {
		config, ok := as[types.DVPortgroupConfigInfo](change.Val)
		if ok && config.DistributedVirtualSwitch != nil && *config.DistributedVirtualSwitch == w.sw {
			w.groups[u.Obj] = true
		}
	}
	return w.groups[u.Obj]
}

// concernsVM reports whether a VM that changed is or was on the switch.
func (w *watched) concernsVM(u types.ObjectUpdate) bool {
	was := w.on[u.Obj]
	if u.Kind == types.ObjectUpdateKindLeave {
		delete(w.on, u.Obj)
		return was
	}
	for _, change := range u.ChangeSet {
		if strings.HasPrefix(change.Name, "network[") {
			w.on[u.Obj] = true // one element of the list: which, is of no matter
			continue
		}
		if change.Name != "network" {
			continue
		}
		networks, _ := as[types.ArrayOfManagedObjectReference](change.Val)
		if slices.ContainsFunc(networks.ManagedObjectReference, func(n reference) bool { return w.groups[n] }) {
			w.on[u.Obj] = true
		} else {
			delete(w.on, u.Obj)
		}
	}
	return was || w.on[u.Obj]
}
