package daemon

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/api"
)

// checks says whether the daemon can do its work at this moment; it is what /readyz shows.
func (d *Daemon) checks() []api.Check {
	var list []api.Check
	for _, c := range d.config.VCenters {
		list = append(list, d.checkVCenter(c.Name))
	}
	return append(list, d.checkReceiver())
}

func (d *Daemon) checkVCenter(name string) api.Check {
	h := d.clients[name].Health()
	check := api.Check{Name: "vcenter:" + name, OK: h.Connected}
	switch {
	case h.Connected:
		check.Message = fmt.Sprintf("connected to %s (%s %s)", h.Address, h.About.Name, h.About.Version)
	case h.Fault != nil:
		check.Message = h.Fault.Error()
	default:
		check.Message = "not connected to " + h.Address + " yet"
	}
	return check
}

func (d *Daemon) checkReceiver() api.Check {
	if d.reception.off {
		return api.Check{Name: "receiver", OK: true, Message: "switched off"}
	}
	h := d.reception.health()
	check := api.Check{Name: "receiver", OK: h.Up, Message: h.Reason}
	if h.Up {
		check.Message = fmt.Sprintf("receiving for %v", d.reception.addresses)
	}
	return check
}

// Check runs the daemon without its API until everything works or ctx ends, and says how each part fares. It changes nothing on
// any switch, because nothing is asked for.
func (d *Daemon) Check(ctx context.Context) []api.Check {
	running, stop := context.WithCancel(ctx)
	defer stop()
	group, running := errgroup.WithContext(running)
	for _, client := range d.clients {
		group.Go(func() error { return client.Run(running) })
	}
	group.Go(func() error { return d.reception.run(running) })
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		list := d.checks()
		if settled(list, d) || running.Err() != nil {
			stop()
			_ = group.Wait()
			return list
		}
		select {
		case <-running.Done():
		case <-ticker.C:
		}
	}
}

// settled reports whether waiting longer would change nothing: each part works, or has said why it does not.
func settled(list []api.Check, d *Daemon) bool {
	for _, client := range d.clients {
		if h := client.Health(); !h.Connected && h.Fault == nil {
			return false
		}
	}
	for _, c := range list {
		if c.Name == "receiver" && !c.OK && c.Message == notOpened {
			return false
		}
	}
	return true
}
