package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/vcenter"
)

// Daemon is everything vspan serve runs.
type Daemon struct {
	config    Config
	addresses []netip.Addr
	macs      []string
	clients   map[string]*vcenter.Client
	reception *reception
	counting  *counting
	asked     *vcenterMetrics

	ready chan struct{} // closed when the API answers
	url   string        // of the API, from then on
}

// New builds a daemon without starting anything.
func New(c Config) (*Daemon, error) {
	if len(c.VCenters) == 0 {
		return nil, errors.New("no vCenter is given: set --vcenter-url or VSPAN_VCENTER_URL")
	}
	if err := errors.Join(c.checkLife(), c.checkReceiver(), c.checkState(), c.checkMetrics(), c.Receiver.checkOutputs(), c.Flows.check(), c.Probe.check()); err != nil {
		return nil, err
	}
	addresses, err := c.receiverAddresses()
	if err != nil {
		return nil, err
	}
	macs, err := machineMACs()
	if err != nil {
		return nil, err
	}
	d := &Daemon{config: c, addresses: addresses, macs: macs, ready: make(chan struct{}), clients: make(map[string]*vcenter.Client)}
	for _, v := range c.VCenters {
		v.HostTags = c.Flows.tagged()
		if d.clients[v.Name], err = vcenter.New(v, c.Log); err != nil {
			return nil, fmt.Errorf("vCenter %q: %w", v.Name, err)
		}
	}
	d.reception = newReception(c.Receiver, addresses, c.Log)
	d.reception.kept.payload = c.Payload
	d.asked = newVCenterMetrics(d.clients)
	d.counting = d.newCounting()
	return d, nil
}

// Ready is closed when the API answers.
func (d *Daemon) Ready() <-chan struct{} { return d.ready }

// URL is where the API answers, once Ready is closed.
func (d *Daemon) URL() string { return d.url }

// Run runs everything until ctx ends or a part fails, and returns when all of it has ended. When ctx ends the API stops first; what
// stands on the switches is taken down before the rest stops if the configuration says so.
func (d *Daemon) Run(ctx context.Context) (err error) {
	state, err := openState(ctx, d.config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, state.close()) }()
	a, err := d.assemble(state)
	if err != nil {
		return err
	}
	listener, err := api.Listen(ctx, d.config.Listen)
	if err != nil {
		return err
	}
	d.url = "http://" + listener.Addr().String()
	lasting, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	group, lasting := errgroup.WithContext(lasting)
	for _, client := range d.clients {
		group.Go(func() error { return client.Run(lasting) })
	}
	for _, task := range []func(context.Context) error{state.run, a.reconciler.Run, d.reception.run, d.counting.run, a.outputs.run, a.flows.run, a.judging.run} {
		group.Go(func() error { return task(lasting) })
	}
	serving, stop := context.WithCancel(lasting)
	context.AfterFunc(ctx, stop)
	group.Go(func() error { return api.Serve(serving, listener, a.handler, d.config.Log) })
	group.Go(func() error {
		defer end()
		<-serving.Done()
		return d.leave(lasting, a.reconciler)
	})
	d.config.Log.Info("serving", "api", d.url, "docs", d.url+"/docs", "state", state.where, "installation", state.owner)
	close(d.ready)
	return group.Wait()
}

// drainTime bounds how long a daemon that stops waits for its sessions to be taken down.
const drainTime = 30 * time.Second

// resumeTime bounds how long it waits for sessions that are paused to mirror again.
const resumeTime = 8 * time.Second

// leave does what the daemon was told to do with its sessions when it stops.
func (d *Daemon) leave(ctx context.Context, r *reconcile.Reconciler) error {
	resuming, stop := context.WithTimeout(ctx, resumeTime)
	defer stop()
	if err := r.Resume(resuming); err != nil {
		d.config.Log.Error("a session that was paused may stand disabled; the next start enables it", "error", err)
	}
	if !d.config.Drain || ctx.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	d.config.Log.Info("taking down what stands on the switches; what was asked for is kept for the next start")
	return r.Drain(ctx)
}

// reconciled gives the reconciler its view of the clients.
func (d *Daemon) reconciled() map[string]reconcile.VCenter {
	views := make(map[string]reconcile.VCenter, len(d.clients))
	for name, client := range d.clients {
		views[name] = metered{switchIDs{client}, d.asked}
	}
	return views
}

// switchIDs is a client whose switches are listed without their names.
type switchIDs struct{ *vcenter.Client }

// Switches lists the ids of the switches.
func (c switchIDs) Switches(ctx context.Context) ([]mirror.SwitchID, error) {
	named, err := c.Client.Switches(ctx)
	ids := make([]mirror.SwitchID, 0, len(named))
	for _, s := range named {
		ids = append(ids, s.ID)
	}
	return ids, err
}
