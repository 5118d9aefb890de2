package daemon

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/doctor"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/vcenter"
)

const (
	// premisesLast is how long what was read of a vCenter is good for, where nobody asks for it to be read anew; what could not be read
	// is tried again soon.
	premisesLast = time.Minute
	failureLasts = 5 * time.Second
	// premisesTime bounds how long reading one vCenter may take: a dry run waits for it.
	premisesTime = 15 * time.Second
)

// premises are what mirrors rest on, read when somebody asks.
type premises struct {
	*Daemon
	state      *state
	board      *store.Board
	reconciler *reconcile.Reconciler
	readings   map[string]*reading // by vCenter
}

// reading is the newest look at one vCenter, shared by all who ask at the same time.
type reading struct {
	mu     sync.Mutex
	newest doctor.VCenter
	at     time.Time
}

func (d *Daemon) newPremises(st *state, board *store.Board, r *reconcile.Reconciler) *premises {
	p := &premises{d, st, board, r, make(map[string]*reading)}
	for _, v := range d.config.VCenters {
		p.readings[v.Name] = new(reading)
	}
	return p
}

// Facts makes the premises the API's facts.
func (p *premises) Facts(ctx context.Context, fresh bool) doctor.Facts {
	if fresh {
		_, _ = inventory{p.reconciler}.Switches(ctx, "", true) // those that cannot be read stay as they are; their vCenter says why
	}
	f := doctor.Facts{Now: p.config.now()(), Receiver: p.receiverFacts(), Machine: machineFacts(), State: p.stateFacts()}
	f.Sessions, f.State.Fault = p.sessions(ctx, f.State.Fault)
	f.VCenters = make([]doctor.VCenter, len(p.config.VCenters))
	var reads errgroup.Group
	for i, v := range p.config.VCenters {
		reads.Go(func() error {
			f.VCenters[i] = p.vcenter(ctx, v.Name, fresh)
			return nil
		})
	}
	_ = reads.Wait() // nothing fails: what could not be read says so
	return f
}

// vcenter returns what is known of a vCenter, with its switches as they were last read.
func (p *premises) vcenter(ctx context.Context, name string, fresh bool) doctor.VCenter {
	var switches []mirror.Switch
	for _, sw := range p.reconciler.Switches() {
		if sw.ID.VCenter == name {
			switches = append(switches, sw)
		}
	}
	v := p.readings[name].read(ctx, p.clients[name], switches, fresh)
	v.Switches = switches
	if why := p.reconciler.Unread(); why != nil && len(switches) == 0 {
		v.SwitchFault = why.Error()
	}
	return v
}

// read looks at a vCenter, unless somebody has just done so.
func (r *reading) read(ctx context.Context, client *vcenter.Client, switches []mirror.Switch, fresh bool) doctor.VCenter {
	asked := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	lasts := premisesLast
	if r.newest.Fault != "" || len(r.newest.Switches) == 0 {
		lasts = failureLasts
	}
	if r.at.After(asked) || !fresh && !r.at.IsZero() && time.Since(r.at) < lasts {
		return r.newest
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), premisesTime) // others may wait for it
	defer cancel()
	r.newest, r.at = client.Premises(ctx, switches), time.Now()
	return r.newest
}

// sessions are ours, as they were placed.
func (p *premises) sessions(ctx context.Context, fault string) ([]doctor.Session, string) {
	all, _, err := p.state.store.List(ctx)
	if err != nil {
		return nil, err.Error()
	}
	var list []doctor.Session
	for _, s := range all {
		if !s.Deleting() {
			list = append(list, doctor.Standing(s, p.board.Status(s.UID).Placement))
		}
	}
	return list, fault
}

// stateFacts say where the state is kept and what stands under our name that nobody asked for.
func (p *premises) stateFacts() doctor.State {
	s := p.config.stateFacts()
	s.Owner, s.Where = p.state.owner, p.state.where
	for _, c := range p.state.checks() {
		if !c.OK {
			s.Fault = c.Message
		}
	}
	s.OrphansSet = p.reconciler.Unread() == nil
	for _, o := range p.reconciler.Orphans() {
		s.Orphans = append(s.Orphans, doctor.Orphan{Switch: o.SwitchName, Name: o.Session.Name})
	}
	return s
}
