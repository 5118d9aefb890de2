package daemon

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/beat"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/mirror/transcript"
)

// judging is the task that turns evidence into verdicts: once a second, and at once when a session is placed, or when counters come that a
// verdict waits for.
type judging struct {
	store     store.Store
	board     *store.Board
	history   *history
	reception *reception
	counting  *counting
	outputs   *outputs
	flows     *flows
	probing   *probing
	vcenters  map[string]vcenterHealth
	judge     *evidence.Judge
	verdicts  *transcript.Verdicts
	strange   *strangers
	now       func() time.Time
	log       *slog.Logger

	took  prometheus.Histogram
	known map[string]bool // UIDs judged at the last tick
}

// vcenterHealth asks a client how its connection stands.
type vcenterHealth func() evidence.VCenter

// tick is how often verdicts are made.
const tick = time.Second

// run judges until ctx ends.
func (j *judging) run(ctx context.Context) error {
	defer j.probing.tasks.Wait()
	timer := time.NewTimer(beat.Until(time.Now(), tick))
	defer timer.Stop()
	for {
		placed, begun := j.board.Placed(), time.Now()
		if err := j.once(ctx); err != nil && ctx.Err() == nil {
			j.log.Error("judging", "error", err)
		}
		j.took.Observe(time.Since(begun).Seconds())
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			timer.Reset(beat.Until(time.Now(), tick))
		case <-placed:
		case <-j.counting.news:
		}
	}
}

// once renews the table of expected sessions and judges each of them.
func (j *judging) once(ctx context.Context) error {
	sessions, _, err := j.store.List(ctx)
	if err != nil {
		return err
	}
	statuses := j.board.Statuses()
	j.outputs.follow(sessions, j.now()) // before the first frame of a new session can be attributed
	j.flows.follow(sessions, j.now())
	j.reception.table.Store(j.reception.table.Load().Renew(expectations(sessions, statuses)))
	j.counting.want(portsOf(sessions, statuses))

	now := j.now()
	view, receiver := j.reception.view(), j.reception.health()
	known := make(map[string]bool, len(sessions))
	urgent := make(map[mirror.SwitchID][]string)
	for _, s := range sessions {
		known[s.UID] = true
		placement := statuses[s.UID].Placement
		health := j.healthOf(placement.Switch)
		if health.Reachable {
			j.counting.reached(placement.Switch, health.Since)
		}
		result := j.judge.Judge(now, evidence.Input{
			Session: j.probing.seen(s, placement, now), Probes: j.probing.of(s.UID), Placement: placement, View: view, Receiver: receiver,
			Counters: j.counting.readings(placement.Switch),
			VCenter:  health,
		})
		urgent[placement.Switch] = append(urgent[placement.Switch], result.Uncertain...)
		j.announce(s, statuses[s.UID], result.Verdict)
		j.board.Judge(s.UID, result.Evidence, result.Verdict, now)
		j.verdicts.Note(s.UID, placement, result.Evidence, j.board.Status(s.UID).Verdict)
		j.probing.consider(ctx, s, result.Verdict, now)
	}
	j.counting.hurry(urgent)
	j.reception.kept.renew()
	j.strange.note(view, sessions, j.reception.table.Load(), now)
	j.forget(known)
	return nil
}

func (j *judging) forget(known map[string]bool) {
	for uid := range j.known {
		if !known[uid] {
			j.judge.Forget(uid)
			j.probing.forget(uid)
			j.board.Forget(uid)
			j.verdicts.Forget(uid)
			j.reception.kept.forget(uid)
		}
	}
	j.known = known
}

// healthOf is the health of a switch's vCenter; of a session that was placed nowhere yet nothing can be said against.
func (j *judging) healthOf(id mirror.SwitchID) evidence.VCenter {
	if health, ok := j.vcenters[id.VCenter]; ok {
		return health()
	}
	return evidence.VCenter{Reachable: true}
}

// announce tells of a verdict that changed.
func (j *judging) announce(s mirror.Session, status mirror.Status, after mirror.Verdict) {
	if before := status.Verdict; before.State != after.State || before.Reason != after.Reason {
		after.At = j.now()
		j.history.verdict(s, status.Placement.SwitchName, after)
		j.log.Info("verdict", "session", s.Name, "state", after.State.String(), "reason", after.Reason.String(), "message", after.Message)
	}
}

func expectations(sessions []mirror.Session, statuses map[string]mirror.Status) []evidence.Expectation {
	var list []evidence.Expectation
	for _, s := range sessions {
		if e, ok := evidence.Expect(s, statuses[s.UID].Placement); ok {
			list = append(list, e)
		}
	}
	return list
}

// portsOf returns the mirrored ports of the sessions that are judged by their counters, by switch.
func portsOf(sessions []mirror.Session, statuses map[string]mirror.Status) map[mirror.SwitchID][]string {
	ports := make(map[mirror.SwitchID]map[string]bool)
	for _, s := range sessions {
		p := statuses[s.UID].Placement
		if !p.Local || !p.Applied || !s.Spec.Enabled {
			continue
		}
		if ports[p.Switch] == nil {
			ports[p.Switch] = make(map[string]bool)
		}
		for _, source := range p.Sources {
			if source.Fault == nil {
				ports[p.Switch][source.Port.Key] = true
			}
		}
	}
	return sortedKeys(ports)
}
