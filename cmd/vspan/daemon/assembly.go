package daemon

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/mirror/transcript"
)

func (d *Daemon) newCounting() *counting {
	read := make(map[string]readCounters, len(d.clients))
	for name, client := range d.clients {
		read[name] = d.asked.counters(name, client.Counters)
	}
	return newCounting(read, d.config.Log)
}

// assembly is what rests on the state: it is made when that is open.
type assembly struct {
	reconciler *reconcile.Reconciler
	judging    *judging
	probing    *probing
	outputs    *outputs
	flows      *flows
	handler    http.Handler
}

func (d *Daemon) assemble(st *state) (*assembly, error) {
	board := store.NewBoard()
	outputs, err := d.newOutputs(board)
	if err != nil {
		return nil, err
	}
	a := &assembly{outputs: outputs, reconciler: reconcile.New(reconcile.Options{
		Store: st.store, Writers: st.writers, Board: board, VCenters: d.reconciled(), Owner: st.owner,
		Receivers: d.addresses, ReceiverMACs: d.macs, Resync: d.config.Resync, Now: d.config.Now, Log: d.config.Log,
		Before: st.history.before, After: d.asked.after(st.history.after), Tell: st.history.tell, At: d.config.At,
	})}
	a.flows = d.newFlows(board, a.reconciler.Switches)
	a.probing = d.newProbing(st, board, a.reconciler)
	a.judging = d.newJudging(st, board, outputs, a.flows)
	a.judging.probing = a.probing
	a.handler = d.newHandler(st, board, a, outputs)
	return a, nil
}

func (d *Daemon) newJudging(st *state, board *store.Board, o *outputs, f *flows) *judging {
	healths := make(map[string]vcenterHealth, len(d.clients))
	for name, client := range d.clients {
		healths[name] = func() evidence.VCenter {
			h := client.Health()
			v := evidence.VCenter{Reachable: h.Connected, Since: h.Since, Skew: h.Skew}
			if h.Fault != nil {
				v.Reason = h.Fault.Error()
			}
			return v
		}
	}
	return &judging{
		store: st.store, board: board, history: st.history, reception: d.reception, counting: d.counting, outputs: o, flows: f, vcenters: healths,
		judge: evidence.NewJudge(evidence.Options{}), now: d.config.now(), log: d.config.Log,
		verdicts: new(transcript.Verdicts), strange: newStrangers(), took: newTickDuration(),
	}
}

func (d *Daemon) newHandler(st *state, board *store.Board, a *assembly, o *outputs) http.Handler {
	r := a.reconciler
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(st.store, board, d.reception), newOutputsCollector(o), newSessionCollector(st.store, board, d.config.SessionSeries),
		newStateCollector(d, st, a), d.asked, newBuildInfo(d.config.Version), a.judging.took)
	return api.New(api.Options{
		Store: st.store, Board: board, Planner: planner{r}, Inventory: inventory{r}, Owner: st.owner,
		Orphans: r, Brake: r, Cluster: st.cluster(), Writer: r.Writer, History: st.journal, Verifier: a.probing,
		Receivers: func() []api.Receiver { return o.shownWith(d.reception.describe()) }, Unclaimed: a.strangers(st, board), Metrics: registry, Now: d.config.Now,
		Facts:       d.newPremises(st, board, r),
		Ready:       func() []api.Check { return d.readiness(st, r) },
		Payload:     d.config.Payload,
		Transcripts: transcripts{a.judging.verdicts, &d.reception.kept}, Conversations: a.flows,
		Packets:     d.newPackets(board, o),
		DefaultLife: mirror.Life{For: d.config.DefaultLife}, MaxLife: d.config.MaxLife,
		Log: d.config.Log, Version: d.config.Version,
	})
}
