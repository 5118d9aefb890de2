package daemon

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/mirror/doctor"
	"github.com/vspan-io/vspan/vcenter"
)

// Examine reads what mirrors rest on without a daemon that runs: it logs in, reads every switch, opens the receiver and closes it
// again. It opens no state, so that it knows of no session, and changes nothing on any switch. It ends when ctx does, with what it
// has.
func (d *Daemon) Examine(ctx context.Context) doctor.Facts {
	running, stop := context.WithCancel(ctx)
	defer stop()
	group, running := errgroup.WithContext(running)
	for _, client := range d.clients {
		group.Go(func() error { return client.Run(running) })
	}
	group.Go(func() error { return d.reception.run(running) })
	d.settle(running)
	f := doctor.Facts{Receiver: d.receiverFacts(), Machine: machineFacts(), State: d.config.stateFacts()}
	f.VCenters = make([]doctor.VCenter, len(d.config.VCenters))
	var reads errgroup.Group
	for i, v := range d.config.VCenters {
		reads.Go(func() error {
			f.VCenters[i] = examine(running, d.clients[v.Name])
			return nil
		})
	}
	_ = reads.Wait() // nothing fails: what could not be read says so
	stop()
	_ = group.Wait() // what they could not do is among the facts
	f.Now = d.config.now()()
	return f
}

func examine(ctx context.Context, client *vcenter.Client) doctor.VCenter {
	switches, err := client.ObserveAll(ctx)
	v := client.Premises(ctx, switches)
	if err != nil {
		v.SwitchFault = err.Error()
	}
	return v
}
