package daemon

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// calls records which switches were asked for.
type calls struct {
	mu    sync.Mutex
	ports map[mirror.SwitchID][][]string
	err   error
}

func (c *calls) read(_ context.Context, id mirror.SwitchID, keys []string) ([]mirror.PortCounters, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ports[id] = append(c.ports[id], keys)
	var list []mirror.PortCounters
	for _, key := range keys {
		list = append(list, mirror.PortCounters{PortKey: key, FromVM: mirror.Volume{Bytes: uint64(len(c.ports[id]))}})
	}
	return list, c.err
}

// times is how often a switch was asked for.
func (c *calls) times(id mirror.SwitchID) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.ports[id])
}

func (c *calls) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func TestCountingAsksForMirroredPortsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := &calls{ports: make(map[mirror.SwitchID][][]string)}
		c := newCounting(map[string]readCounters{"v": asked.read}, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.run(ctx) }()
		id := mirror.SwitchID{VCenter: "v", UUID: "1"}

		time.Sleep(3 * countEvery) // the bubble's time: nobody waits
		synctest.Wait()
		if len(asked.ports) != 0 {
			t.Errorf("asked for %v although nothing is mirrored", asked.ports)
		}
		c.want(map[mirror.SwitchID][]string{id: {"7", "9"}})
		time.Sleep(2 * countEvery) // the bubble's time: nobody waits
		synctest.Wait()
		if got := asked.ports[id]; len(got) != 2 || !slices.Equal(got[1], []string{"7", "9"}) {
			t.Errorf("asked for %v", got)
		}
		if got := c.readings(id)["9"].FromVM.Bytes; got != 2 {
			t.Errorf("the newest reading is %d", got)
		}
		asked.fail(errors.New("vCenter is away"))
		time.Sleep(countEvery) // the bubble's time: nobody waits
		synctest.Wait()
		if got := c.readings(id)["9"].FromVM.Bytes; got != 2 {
			t.Errorf("a failed reading left %d: the last good one must stay", got)
		}
		c.want(nil)
		time.Sleep(countEvery) // the bubble's time: nobody waits
		synctest.Wait()
		if got := c.readings(id); got != nil {
			t.Errorf("readings of a switch nobody mirrors on stay: %v", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A vCenter that takes its time is asked once at a time, and the other one every second.
func TestSlowVCenterDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, quick := &calls{ports: make(map[mirror.SwitchID][][]string)}, &calls{ports: make(map[mirror.SwitchID][][]string)}
		c := newCounting(map[string]readCounters{
			"quick": quick.read,
			"slow": func(ctx context.Context, id mirror.SwitchID, keys []string) ([]mirror.PortCounters, error) {
				_, _ = slow.read(ctx, id, keys)
				<-ctx.Done()
				return nil, ctx.Err()
			},
		}, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.run(ctx) }()
		here, there := mirror.SwitchID{VCenter: "quick", UUID: "1"}, mirror.SwitchID{VCenter: "slow", UUID: "2"}
		c.want(map[mirror.SwitchID][]string{here: {"7"}, there: {"8"}})
		time.Sleep(countTimeout) // the bubble's time: nobody waits
		synctest.Wait()
		if n := quick.times(here); n != int(countTimeout/countEvery) {
			t.Errorf("the quick one was read %d times in %s", n, countTimeout)
		}
		if n := slow.times(there); n != 1 {
			t.Errorf("the slow one was asked %d times before it answered", n)
		}
		time.Sleep(2 * countEvery) // the bubble's time: nobody waits
		synctest.Wait()
		if n := slow.times(there); n != 2 {
			t.Errorf("the slow one was asked %d times, want again when its time was up", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// Ports that a verdict waits for are read four times a second, beside all of them once a second, and it is told when their counters rise.
func TestUrgentPortsAreReadMoreOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := &calls{ports: make(map[mirror.SwitchID][][]string)}
		c := newCounting(map[string]readCounters{"v": asked.read}, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.run(ctx) }()
		id := mirror.SwitchID{VCenter: "v", UUID: "1"}
		c.want(map[mirror.SwitchID][]string{id: {"7", "9"}})
		time.Sleep(countEvery + urgentEvery/2) // the bubble's time: nobody waits; from here on between two ticks
		synctest.Wait()
		if len(c.news) != 0 {
			t.Error("there are news of ports that nobody waits for")
		}
		c.hurry(map[mirror.SwitchID][]string{id: {"9"}})
		time.Sleep(3 * countEvery) // the bubble's time: nobody waits
		synctest.Wait()
		var all, urgent int
		for _, keys := range asked.ports[id][1:] {
			if len(keys) == 2 {
				all++
			} else if slices.Equal(keys, []string{"9"}) {
				urgent++
			}
		}
		if all != 3 || urgent != 9 {
			t.Errorf("in three seconds all were read %d times, and the urgent one %d times beside: %v", all, urgent, asked.ports[id])
		}
		if got := c.readings(id); got["9"].FromVM.Bytes <= got["7"].FromVM.Bytes || len(c.news) != 1 {
			t.Errorf("readings %v, %d news", got, len(c.news))
		}
		asked.fail(errors.New("vCenter is away"))
		time.Sleep(countEvery) // the bubble's time: nobody waits
		synctest.Wait()
		before := asked.times(id)
		time.Sleep(countEvery) // the bubble's time: nobody waits
		synctest.Wait()
		if n := asked.times(id) - before; n > 1 {
			t.Errorf("a vCenter that is away was asked %d times in a second", n)
		}
		time.Sleep(countPause) // the bubble's time: nobody waits
		synctest.Wait()
		before = asked.times(id)
		c.reached(id, time.Now())
		time.Sleep(urgentEvery) // the bubble's time: nobody waits
		synctest.Wait()
		if n := asked.times(id) - before; n != 1 {
			t.Errorf("a vCenter that can be reached again was asked %d times, want at once and then later", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
