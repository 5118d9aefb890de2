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
	// news has room for one, and gets one when counters of urgent ports rose.
	news chan struct{}

	mu     sync.Mutex
	wanted map[mirror.SwitchID][]string
	urgent map[mirror.SwitchID][]string
	newest map[mirror.SwitchID]map[string]mirror.PortCounters
	busy   map[mirror.SwitchID]bool      // being read
	failed map[mirror.SwitchID]failure   // readings in a row
	due    map[mirror.SwitchID]time.Time // when all that is wanted is read again
}

// failure is how many readings of a switch failed in a row, and when the last one did.
type failure struct {
	times int
	at    time.Time
}

func newCounting(read map[string]readCounters, log *slog.Logger) *counting {
	return &counting{
		read: read, log: log, news: make(chan struct{}, 1), newest: make(map[mirror.SwitchID]map[string]mirror.PortCounters),
		busy: make(map[mirror.SwitchID]bool), failed: make(map[mirror.SwitchID]failure), due: make(map[mirror.SwitchID]time.Time),
	}
}

// readCounters is vcenter.Client.Counters.
type readCounters func(ctx context.Context, id mirror.SwitchID, portKeys []string) ([]mirror.PortCounters, error)

const (
	countEvery   = time.Second      // one reading of every mirrored port; the judge tells idle from lost by two of them
	countTimeout = 10 * time.Second // of one reading
	countPause   = 15 * time.Second // at most, between two that fail

	urgentEvery = countEvery / 4 // one reading of the ports of which a verdict is about to be made
	maxUrgent   = 100            // of these on one switch
)

// want says which ports are to be read from now on; the keys are sorted.
func (c *counting) want(ports map[mirror.SwitchID][]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted = ports
}

// hurry says which of the wanted ports are to be read more often until it says otherwise; of more than maxUrgent on a switch the first.
func (c *counting) hurry(ports map[mirror.SwitchID][]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.urgent = ports
}

// readings returns the newest counters of a switch's ports. The map must not be changed.
func (c *counting) readings(id mirror.SwitchID) map[string]mirror.PortCounters {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest[id]
}

// reached says since when a switch's vCenter can be reached: what failed before that is read at once.
func (c *counting) reached(id mirror.SwitchID, since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.failed[id]; ok && since.After(f.at) {
		delete(c.failed, id)
		delete(c.due, id)
	}
}

// run reads until ctx ends. Without mirrored ports it asks nothing.
func (c *counting) run(ctx context.Context) error {
	var readers sync.WaitGroup
	defer readers.Wait()
	ticker := time.NewTicker(urgentEvery)
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

// once begins to read every switch whose turn it is and of which the last reading has ended: a slow vCenter must not delay another, and is
// not asked again before it has answered. In between, what is urgent is read alone; not of a switch whose last reading failed.
func (c *counting) once(ctx context.Context, readers *sync.WaitGroup) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.newest, func(id mirror.SwitchID, _ map[string]mirror.PortCounters) bool { return c.wanted[id] == nil })
	maps.DeleteFunc(c.due, func(id mirror.SwitchID, _ time.Time) bool { return c.wanted[id] == nil })
	now := time.Now()
	for id, keys := range c.wanted {
		whole := !now.Before(c.due[id])
		if !whole {
			keys = c.urgent[id][:min(len(c.urgent[id]), maxUrgent)]
		}
		if c.busy[id] || len(keys) == 0 || !whole && c.failed[id].times > 0 {
			continue
		}
		c.busy[id] = true
		if whole {
			c.due[id] = now.Add(countEvery - urgentEvery/2)
		}
		readers.Go(func() {
			list, err := c.readSwitch(ctx, id, keys)
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(c.busy, id)
			if c.settle(id, err); err == nil {
				c.keep(id, list, whole)
			}
		})
	}
}

// settle has a switch that could not be read be read again ever later after failures in a row, up to countPause; c.mu is held.
func (c *counting) settle(id mirror.SwitchID, err error) {
	if err == nil {
		delete(c.failed, id)
		return
	}
	f := failure{c.failed[id].times + 1, time.Now()}
	c.failed[id] = f
	c.due[id] = f.at.Add(min(countEvery<<min(f.times-1, 10), countPause) - countEvery/2)
}

func (c *counting) readSwitch(ctx context.Context, id mirror.SwitchID, keys []string) ([]mirror.PortCounters, error) {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	list, err := c.read[id.VCenter](ctx, id, keys)
	if err != nil {
		// The last readings stay: the judge sees how old they are.
		c.log.Debug("reading port counters", "vcenter", id.VCenter, "switch", id.UUID, "error", err)
	}
	return list, err
}

// keep puts readings in the place of those before: of all ports, or of the urgent ones alone; c.mu is held.
func (c *counting) keep(id mirror.SwitchID, list []mirror.PortCounters, whole bool) {
	before := c.newest[id]
	readings := make(map[string]mirror.PortCounters, max(len(list), len(before)))
	if !whole {
		maps.Copy(readings, before) // which may be being read
	}
	for _, p := range list {
		readings[p.PortKey] = p
	}
	c.newest[id] = readings
	for _, key := range c.urgent[id] {
		if a, b := before[key], readings[key]; a.FromVM != b.FromVM || a.ToVM != b.ToVM {
			select {
			case c.news <- struct{}{}:
			default: // there is one already
			}
			return
		}
	}
}

// sortedKeys turns sets of port keys into sorted lists.
func sortedKeys(sets map[mirror.SwitchID]map[string]bool) map[mirror.SwitchID][]string {
	lists := make(map[mirror.SwitchID][]string, len(sets))
	for id, set := range sets {
		lists[id] = slices.Sorted(maps.Keys(set))
	}
	return lists
}
