package vcenter

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// FollowTags says whether Observe reads the tags of VMs, and Watch looks every Config.TagInterval whether they changed: vCenter
// notifies nobody of tags. While it is on, an Observe that cannot read them fails. Turning it on makes every Watch notify; turning
// it off has the next Watch end the login to the tagging service; the other login's end does so at the latest. It does not speak to vCenter itself, and costs nothing when nothing changes.
//
// Tags that the user may not see (System.Read on the tag and on its category) look like tags that are not there: vCenter leaves them
// out without a word.
func (c *Client) FollowTags(on bool) {
	f := c.tags
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.on == on {
		return
	}
	f.on = on
	clear(f.told)
	close(f.changed)
	f.changed = make(chan struct{})
}

// following is what Observe, Watch and FollowTags share.
type following struct {
	mu      sync.Mutex
	on      bool
	changed chan struct{}     // closed and replaced whenever on changes
	told    map[string]vmTags // by switch: the tags of its VMs as the last read told them

	hosts    map[reference][]string // the tags of hosts and clusters, as they were read last for hosts alone
	hostless bool                   // they could not be read the last time
}

func newFollowing() *following {
	return &following{changed: make(chan struct{}), told: make(map[string]vmTags)}
}

func (f *following) state() (on bool, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.on, f.changed
}

func (f *following) off() bool {
	on, _ := f.state()
	return !on
}

// tell remembers what a read says of the tags.
func (f *following) tell(sw mirror.Switch) {
	if !sw.Tagged {
		return
	}
	said := make(vmTags)
	for _, p := range sw.Ports {
		if p.VMID != "" {
			said[p.VMID] = p.Tags
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.on {
		f.told[sw.ID.UUID] = said
	}
}

func (f *following) forget(id mirror.SwitchID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.told, id.UUID)
}

// news reports whether VMs on a switch bear other tags than the last read told.
func (f *following) news(id mirror.SwitchID, now vmTags) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for vm, tags := range f.told[id.UUID] {
		if !slices.Equal(tags, now[vm]) {
			return true
		}
	}
	return false
}

// takeTags adds the tags of all VMs to an inventory, if they are followed, and those of hosts, if they are wanted.
func (c *Client) takeTags(ctx context.Context, conn *connection, inv *inventory) error {
	switch {
	case !c.tags.off():
		read, err := conn.tagging.read(ctx, 0)
		if err != nil {
			return err
		}
		inv.tagged, inv.tags = true, read.vms
		inv.tagHosts(read.hosts)
	case c.config.HostTags:
		inv.tagHosts(c.hostTags(ctx, conn))
	}
	return nil
}

// hostTagsWithin bounds how long an inventory waits for tags that only hosts need: no mirror depends on them.
const hostTagsWithin = 3 * time.Second

// hostTags are the tags of hosts and clusters, read lately. Where they cannot be read, they are what they were.
func (c *Client) hostTags(ctx context.Context, conn *connection) map[reference][]string {
	within, cancel := context.WithTimeout(ctx, hostTagsWithin)
	defer cancel()
	read, err := conn.tagging.read(within, c.config.tagInterval())
	return c.tags.keepHosts(ctx, read.hosts, err, func() {
		c.log.Warn("the tags of hosts cannot be read: sites that are named by tags stay as they are known", "vcenter", c.config.Name, "error", err)
	})
}

// keepHosts returns the tags of hosts that were read, or were when they could be. complain is called when they cannot be any more.
func (f *following) keepHosts(ctx context.Context, read map[reference][]string, err error, complain func()) map[reference][]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err == nil:
		f.hosts, f.hostless = read, false
	case !f.hostless && ctx.Err() == nil:
		f.hostless = true
		complain()
	}
	return f.hosts
}

// watchTags calls notify when tags begin to be followed, and when a read of the switch would find others than the last one did,
// until ctx ends.
func (c *Client) watchTags(ctx context.Context, id mirror.SwitchID, notify func()) {
	defer c.tags.forget(id)
	on, changed := c.tags.state()
	for {
		if on {
			c.pollTags(ctx, changed, id, notify)
		} else {
			c.endTagging(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		if on, changed = c.tags.state(); on {
			notify()
		}
	}
}

// pollTags looks after the tags until they are no longer followed, or ctx ends. That they cannot be read is no news: what the last
// read told stays the best there is.
func (c *Client) pollTags(ctx context.Context, changed <-chan struct{}, id mirror.SwitchID, notify func()) {
	interval := c.config.tagInterval()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			return
		case <-tick.C:
		}
		now, err := c.lookAtTags(ctx, interval/2)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			c.log.Warn("the tags of VMs cannot be read", "vcenter", c.config.Name, "error", err, "next", interval)
		case err == nil && failing:
			c.log.Info("the tags of VMs can be read again", "vcenter", c.config.Name)
		}
		failing = err != nil
		if err == nil && c.tags.news(id, now) {
			notify()
		}
	}
}

// lookAtTags returns the tags of all VMs; those read for another switch, or by Observe, will do if they are not older than age.
func (c *Client) lookAtTags(ctx context.Context, age time.Duration) (now vmTags, err error) {
	err = c.with(ctx, c.config.tagging(), func(conn *connection) (err error) {
		within, cancel := conn.within(ctx)
		defer cancel()
		read, err := conn.tagging.read(within, age)
		now = read.vms
		return err
	})
	return now, err
}

// endTagging ends the login to the tagging service, if there is one and tags are still off, and hosts do not need it.
func (c *Client) endTagging(ctx context.Context) {
	if c.config.HostTags {
		return
	}
	c.state.mu.Lock()
	conn := c.state.current
	c.state.mu.Unlock()
	if conn == nil || !conn.users.enter() {
		return // it has ended with the other login, or does
	}
	defer conn.users.leave()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	conn.tagging.leave(ctx, c.tags.off)
}
