package sim_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// TestStorm has clients, control actions, watchers and traffic at the same
// time, and looks that the switch is consistent afterwards.
func TestStorm(t *testing.T) {
	t.Parallel()
	s, c, _ := stage(t, sim.Options{Hosts: 3, VMs: 6})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	var group sync.WaitGroup
	until := func(act func(*rand.Rand) error) {
		group.Go(func() {
			dice := rand.New(rand.NewPCG(1, 2))
			for ctx.Err() == nil {
				if err := act(dice); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var applied atomic.Int64
	for i := range 3 {
		until(func(*rand.Rand) error {
			err := c.apply(add(l3(fmt.Sprint(i), "0", "127.0.0.1")))
			if err == nil {
				applied.Add(1)
			} else if fault.Is(err, &types.ConcurrentAccess{}) {
				return nil
			}
			return err
		})
	}
	machine := func(dice *rand.Rand) string { return []string{"web-01", "web-02", "client-01"}[dice.IntN(3)] }
	host := func(dice *rand.Rand) string { return fmt.Sprintf("esx-%02d", 1+dice.IntN(3)) }
	until(func(dice *rand.Rand) error { return s.MoveVM(machine(dice), host(dice)) })
	until(func(dice *rand.Rand) error { return s.ReassignPort(fmt.Sprint(dice.IntN(12)), machine(dice)) })
	until(func(dice *rand.Rand) error { return s.Quiet(machine(dice), dice.IntN(2) == 0) })
	until(func(dice *rand.Rand) error {
		return errors.Join(s.DisconnectHost(host(dice)), s.BreakPath(host(dice)), s.MendPath(host(dice)))
	})
	until(func(*rand.Rand) error { s.State(); c.ports(nil); return nil })
	group.Go(func() {
		err := property.Wait(ctx, property.DefaultCollector(c.Client), c.dvs.Reference(), []string{"config"},
			func([]types.PropertyChange) bool { return false })
		if ctx.Err() == nil {
			t.Errorf("the watcher ended: %v", err)
		}
	})
	group.Wait()

	config := c.config()
	if want := fmt.Sprint(1 + applied.Load()); config.ConfigVersion != want || int64(len(config.VspanSession)) != applied.Load() {
		t.Errorf("version %s with %d sessions after %d changes", config.ConfigVersion, len(config.VspanSession), applied.Load())
	}
	taken := map[string]string{}
	for _, v := range s.State().VMs {
		_, connection := card(t, c.machine(v.Name))
		p := c.port(connection.PortKey)
		if other := taken[p.Key]; other != "" || connection.PortKey != v.NICs[0].PortKey || p.Connectee == nil ||
			*p.Connectee.ConnectedEntity != c.machine(v.Name).Self {
			t.Errorf("%s: adapter on port %s, State says %s, connectee %+v, also %q",
				v.Name, connection.PortKey, v.NICs[0].PortKey, p.Connectee, other)
		}
		taken[p.Key] = v.Name
	}
}
