package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/vcenter"
)

// Daemon is everything vspan serve runs.
type Daemon struct {
	config     Config
	clients    map[string]*vcenter.Client
	reconciler *reconcile.Reconciler
	reception  *reception
	counting   *counting
	judging    *judging
	handler    http.Handler

	ready chan struct{} // closed when the API answers
	url   string        // of the API, from then on
}

// New builds a daemon without starting anything.
func New(c Config) (*Daemon, error) {
	if len(c.VCenters) == 0 {
		return nil, errors.New("no vCenter is given: set --vcenter-url or VSPAN_VCENTER_URL")
	}
	if err := c.checkLife(); err != nil {
		return nil, err
	}
	owner, err := installation(c.DataDir)
	if err != nil {
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
	d := &Daemon{config: c, ready: make(chan struct{}), clients: make(map[string]*vcenter.Client)}
	for _, v := range c.VCenters {
		if d.clients[v.Name], err = vcenter.New(v, c.Log); err != nil {
			return nil, fmt.Errorf("vCenter %q: %w", v.Name, err)
		}
	}
	st, board := store.NewMemory(), store.NewBoard()
	d.reconciler = reconcile.New(reconcile.Options{
		Store: st, Board: board, VCenters: d.reconciled(), Owner: owner,
		Receivers: addresses, ReceiverMACs: macs, Resync: c.Resync, Log: c.Log, After: d.logAttempt,
	})
	d.reception = newReception(c.Receiver, addresses, c.Log)
	d.counting = d.newCounting()
	d.judging = d.newJudging(st, board)
	d.handler = d.newHandler(st, board, owner)
	return d, nil
}

// Ready is closed when the API answers.
func (d *Daemon) Ready() <-chan struct{} { return d.ready }

// URL is where the API answers, once Ready is closed.
func (d *Daemon) URL() string { return d.url }

// Run runs everything until ctx ends or a part fails, and returns when all of it has ended.
func (d *Daemon) Run(ctx context.Context) error {
	listener, err := api.Listen(ctx, d.config.Listen)
	if err != nil {
		return err
	}
	d.url = "http://" + listener.Addr().String()
	group, ctx := errgroup.WithContext(ctx)
	for _, client := range d.clients {
		group.Go(func() error { return client.Run(ctx) })
	}
	for _, task := range []func(context.Context) error{d.reconciler.Run, d.reception.run, d.counting.run, d.judging.run} {
		group.Go(func() error { return task(ctx) })
	}
	group.Go(func() error { return api.Serve(ctx, listener, d.handler, d.config.Log) })
	d.config.Log.Info("serving", "api", d.url, "docs", d.url+"/docs")
	close(d.ready)
	return group.Wait()
}

// reconciled gives the reconciler its view of the clients.
func (d *Daemon) reconciled() map[string]reconcile.VCenter {
	views := make(map[string]reconcile.VCenter, len(d.clients))
	for name, client := range d.clients {
		views[name] = switchIDs{client}
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

func (d *Daemon) newCounting() *counting {
	read := make(map[string]readCounters, len(d.clients))
	for name, client := range d.clients {
		read[name] = client.Counters
	}
	return &counting{read: read, log: d.config.Log}
}

func (d *Daemon) newJudging(st store.Store, board *store.Board) *judging {
	healths := make(map[string]vcenterHealth, len(d.clients))
	for name, client := range d.clients {
		healths[name] = func() evidence.VCenter {
			h := client.Health()
			v := evidence.VCenter{Reachable: h.Connected, Since: h.Since}
			if h.Fault != nil {
				v.Reason = h.Fault.Error()
			}
			return v
		}
	}
	return &judging{
		store: st, board: board, reception: d.reception, counting: d.counting, vcenters: healths,
		judge: evidence.NewJudge(evidence.Options{}), now: time.Now, log: d.config.Log,
	}
}

func (d *Daemon) newHandler(st store.Store, board *store.Board, owner string) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(st, board, d.reception))
	return api.New(api.Options{
		Store: st, Board: board, Planner: planner{d.reconciler}, Inventory: inventory{d.reconciler}, Owner: owner,
		Receivers: d.reception.describe, Unclaimed: d.reception.unclaimed, Ready: d.readiness, Metrics: registry,
		DefaultLife: mirror.Life{For: d.config.DefaultLife}, MaxLife: d.config.MaxLife,
		Log: d.config.Log, Version: d.config.Version,
	})
}

// logAttempt leaves a trace of each change of a switch.
func (d *Daemon) logAttempt(ctx context.Context, a reconcile.Attempt) {
	for _, c := range a.Changes {
		change := []any{"switch", a.SwitchName, "operation", c.Operation.String(), "session", c.Session.Name, "why", c.Why, "configVersion", a.ConfigVersion}
		if a.Err != nil {
			d.config.Log.WarnContext(ctx, "could not change the switch", append(change, "error", a.Err)...)
			continue
		}
		d.config.Log.InfoContext(ctx, "changed the switch", change...)
	}
}
