package daemon

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// counting reads the port counters of mirrored ports: the other half of the proof. They are read at a bounded rate beside the
// judging, so that a slow vCenter delays its own counters and not the verdicts.
type counting struct {
	read map[string]readCounters // by vCenter
	log  *slog.Logger

	mu     sync.Mutex
	wanted map[mirror.SwitchID][]string
	newest map[mirror.SwitchID]map[string]mirror.PortCounters
	busy   map[mirror.SwitchID]bool // being read
	failed map[mirror.SwitchID]int  // readings in a row
	due    map[mirror.SwitchID]time.Time
}

// readCounters is vcenter.Client.Counters.
type readCounters func(ctx context.Context, id mirror.SwitchID, portKeys []string) ([]mirror.PortCounters, error)

const (
	countEvery   = time.Second      // one reading of every mirrored port; the judge tells idle from lost by two of them
	countTimeout = 10 * time.Second // of one reading
	countPause   = 15 * time.Second // at most, between two that fail
)

// want says which ports are to be read from now on; the keys are sorted.
func (c *counting) want(ports map[mirror.SwitchID][]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted = ports
}

// readings returns the newest counters of a switch's ports. The map must not be changed.
func (c *counting) readings(id mirror.SwitchID) map[string]mirror.PortCounters {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest[id]
}

// run reads until ctx ends. Without mirrored ports it asks nothing.
func (c *counting) run(ctx context.Context) error {
	var readers sync.WaitGroup
	defer readers.Wait()
	ticker := time.NewTicker(countEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			c.once(ctx, &readers)
		}
	}
}

// once begins to read every switch of which the last reading has ended: a slow vCenter must not delay another, and is not asked again
// before it has answered.
func (c *counting) once(ctx context.Context, readers *sync.WaitGroup) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.newest, func(id mirror.SwitchID, _ map[string]mirror.PortCounters) bool { return c.wanted[id] == nil })
	if c.busy == nil {
		c.busy, c.failed, c.due = make(map[mirror.SwitchID]bool), make(map[mirror.SwitchID]int), make(map[mirror.SwitchID]time.Time)
	}
	for id, keys := range c.wanted {
		if c.busy[id] || time.Now().Before(c.due[id]) {
			continue
		}
		c.busy[id] = true
		readers.Go(func() {
			err := c.readSwitch(ctx, id, keys)
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(c.busy, id)
			c.settle(id, err)
		})
	}
}

// settle says when a switch is read again: at the next tick, or after failures in a row ever later, up to countPause; c.mu is held.
func (c *counting) settle(id mirror.SwitchID, err error) {
	if err == nil {
		delete(c.failed, id)
		delete(c.due, id)
		return
	}
	c.failed[id]++
	c.due[id] = time.Now().Add(min(countEvery<<min(c.failed[id]-1, 10), countPause) - countEvery/2)
}

func (c *counting) readSwitch(ctx context.Context, id mirror.SwitchID, keys []string) error {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	list, err := c.read[id.VCenter](ctx, id, keys)
	if err != nil {
		// The last readings stay: the judge sees how old they are.
		c.log.Debug("reading port counters", "vcenter", id.VCenter, "switch", id.UUID, "error", err)
		return err
	}
	readings := make(map[string]mirror.PortCounters, len(list))
	for _, p := range list {
		readings[p.PortKey] = p
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.newest == nil {
		c.newest = make(map[mirror.SwitchID]map[string]mirror.PortCounters)
	}
	c.newest[id] = readings
	return nil
}

// sortedKeys turns sets of port keys into sorted lists.
func sortedKeys(sets map[mirror.SwitchID]map[string]bool) map[mirror.SwitchID][]string {
	lists := make(map[mirror.SwitchID][]string, len(sets))
	for id, set := range sets {
		lists[id] = slices.Sorted(maps.Keys(set))
	}
	return lists
}
