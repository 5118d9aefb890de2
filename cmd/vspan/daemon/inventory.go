package daemon

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/mirror"
)

// readings is what the reconciler read, and reads.
type readings interface {
	Switches() []mirror.Switch
	Refresh(ctx context.Context, id mirror.SwitchID) (mirror.Switch, error)
	Unread() *mirror.Fault
}

// inventory shows the API what the reconciler read.
type inventory struct{ readings }

const (
	// freshTime bounds how long a list waits for a vCenter that is slow: the others' switches are of use without it.
	freshTime = 20 * time.Second
	// freshReads is how many switches of one vCenter are read at a time.
	freshReads = 4
)

// Switches returns the switches of a vCenter, or of all; fresh reads each of them anew. While none was read yet it says so: an empty
// list would say that there are none. Those that cannot be read are shown as they were last read, unless none can.
func (i inventory) Switches(ctx context.Context, vcenter string, fresh bool) ([]mirror.Switch, error) {
	switches := i.readings.Switches()
	if len(switches) == 0 {
		if why := i.Unread(); why != nil {
			return nil, why
		}
	}
	switches = slices.DeleteFunc(slices.Clone(switches), func(s mirror.Switch) bool { return vcenter != "" && s.ID.VCenter != vcenter })
	if !fresh || len(switches) == 0 {
		return switches, nil
	}
	return i.renew(ctx, switches)
}

// renew reads switches anew, each vCenter's beside the others', and keeps those that cannot be read as they are. Its error is of one
// that could not be read, when none could.
func (i inventory) renew(ctx context.Context, switches []mirror.Switch) ([]mirror.Switch, error) {
	ctx, cancel := context.WithTimeout(ctx, freshTime)
	defer cancel()
	r := renewal{switches: switches}
	vcenters := make(map[string][]int)
	for n, sw := range switches {
		vcenters[sw.ID.VCenter] = append(vcenters[sw.ID.VCenter], n)
	}
	var tasks sync.WaitGroup
	for _, of := range vcenters {
		tasks.Go(func() {
			var reads errgroup.Group
			reads.SetLimit(freshReads)
			for _, n := range of {
				reads.Go(func() error {
					sw, err := i.Refresh(ctx, switches[n].ID)
					r.note(n, sw, err)
					return nil
				})
			}
			_ = reads.Wait() // failures are noted
		})
	}
	tasks.Wait()
	if r.renewed == 0 {
		return nil, r.failed
	}
	return r.switches, nil
}

// renewal is a list of switches that is being read anew.
type renewal struct {
	mu       sync.Mutex
	switches []mirror.Switch // each is written by whoever reads it
	renewed  int
	failed   error // of the newest failure
}

func (r *renewal) note(n int, read mirror.Switch, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failed = err
		return
	}
	r.switches[n] = read
	r.renewed++
}
