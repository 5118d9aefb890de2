package daemon

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/vcenter"
)

// checkTime bounds how long asking one part how it fares may take.
const checkTime = 2 * time.Second

// checks says how vCenters and receiver fare at this moment.
func (d *Daemon) checks() []api.Check {
	var list []api.Check
	for _, c := range d.config.VCenters {
		list = append(list, d.checkVCenter(c.Name))
	}
	return append(list, d.checkReceiver())
}

// readiness is what /readyz shows: checks, and whether the switches were read: before that nothing that is asked for can be placed.
func (d *Daemon) readiness(st *state, r *reconcile.Reconciler) []api.Check {
	check := api.Check{Name: "switches", OK: true, Message: "every switch was read"}
	if why := r.Unread(); why != nil {
		check.OK, check.Message = false, why.Error()
	}
	return append(append(d.checks(), check), st.checks()...)
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

// Check runs the clients and the receiver until each works or says why it does not, or ctx ends, and says how everything the
// daemon needs fares. It changes nothing on any switch, because nothing is asked for.
func (d *Daemon) Check(ctx context.Context) []api.Check {
	running, stop := context.WithCancel(ctx)
	defer stop()
	group, running := errgroup.WithContext(running)
	for _, client := range d.clients {
		group.Go(func() error { return client.Run(running) })
	}
	group.Go(func() error { return d.reception.run(running) })
	d.settle(running)
	list := append([]api.Check{d.checkListen(ctx)}, d.checks()...)
	for _, c := range d.config.VCenters {
		list = append(list, d.checkSwitches(running, c.Name)...)
	}
	stop()
	_ = group.Wait() // what they could not do is in the list
	return list
}

// settle waits until waiting longer would change nothing: each part works, or has said why it does not.
func (d *Daemon) settle(ctx context.Context) {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !d.settled() {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (d *Daemon) settled() bool {
	for _, client := range d.clients {
		if h := client.Health(); !h.Connected && h.Fault == nil {
			return false
		}
	}
	return d.reception.off || d.reception.health().Reason != notOpened
}

// checkListen tries to listen where the API will.
func (d *Daemon) checkListen(ctx context.Context) api.Check {
	listener, err := api.Listen(ctx, d.config.Listen)
	if err != nil {
		return api.Check{Name: "api", Message: err.Error()}
	}
	_ = listener.Close() // it was opened only to see whether it can be
	return api.Check{Name: "api", OK: true, Message: "can listen on " + d.config.Listen}
}

// checkSwitches says of each switch of a vCenter whether the user may change its sessions.
func (d *Daemon) checkSwitches(ctx context.Context, vcenterName string) []api.Check {
	client := d.clients[vcenterName]
	if !client.Health().Connected {
		return nil
	}
	switches, err := client.Switches(ctx)
	if err != nil || len(switches) == 0 {
		text := "no distributed switch is to be seen: port mirroring needs one, and the user needs the right to read it"
		if err != nil {
			text = err.Error()
		}
		return []api.Check{{Name: "switches:" + vcenterName, Message: text}}
	}
	var list []api.Check
	for _, sw := range switches {
		check := api.Check{Name: "switch:" + sw.Name, OK: true, Message: "the user may change its mirror sessions (" + vcenter.Privilege + ")"}
		may, err := client.MayMirror(ctx, sw.ID)
		switch {
		case err != nil:
			check.OK, check.Message = false, err.Error()
		case !may:
			check.OK, check.Message = false, "the user lacks the privilege "+vcenter.Privilege+" on it (Distributed switch > VSPAN operation)"
		}
		list = append(list, check)
	}
	return list
}
