package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
)

// The times of a toggle proof, which together are less than a request may take.
const (
	toggleLook   = 1500 * time.Millisecond // how long packets are counted at each stage, at least
	toggleApply  = 8 * time.Second         // until the switch stands as it should
	toggleGrace  = time.Second             // packets may still be on their way when the switch has changed
	toggleReturn = 5 * time.Second         // until packets come again
	toggleProbe  = 1500 * time.Millisecond // for a probe at each stage
)

// toggle disables a session for a moment: its packets must stop, while there is something to mirror, and come back when it is enabled.
// Whatever happens, the session is brought back: see reconcile.Reconciler.Pause.
func (p *probing) toggle(ctx context.Context, s mirror.Session, how api.Verification) (v api.Verified, err error) {
	if _, err := p.targets(ctx, p.board.Status(s.UID).Placement, how); err != nil {
		return v, err
	}
	how.Timeout = toggleProbe
	t := &toggling{probing: p, session: s, how: how}
	t.frames = p.reception.broker.Subscribe(capture.Want{Sessions: []string{s.UID}, SnapLength: 64, Lasting: true, Buffer: capture.Buffer{Bytes: 1 << 20, Frames: 4 << 10}})
	defer t.frames.Close()
	if v.Sources, err = p.ask(ctx, s, how, false); err != nil {
		return v, err
	}
	t.shown.Before = t.count(ctx, toggleLook, true)
	v.Toggle = &t.shown
	if t.shown.Before == 0 {
		t.shown.Restored = true
		v.Message = "nothing of the session arrives, neither of its traffic nor of a probe, so that nothing could stop: the mirror was not interrupted; " + inOne(v.Sources)
		return v, nil
	}
	if err := t.interrupt(ctx); err != nil {
		return v, err
	}
	v.Result, v.Message = t.conclude()
	return v, ctx.Err()
}

// toggling is one toggle proof.
type toggling struct {
	*probing
	session mirror.Session
	how     api.Verification
	frames  *capture.Subscription
	taken   uint64 // frames of before the stage that is counted
	shown   api.Toggled
	odd     string // who sent packets while it was disabled
	why     string // why a stage did not come about
}

// interrupt disables the session, looks, and has it enabled again.
func (t *toggling) interrupt(ctx context.Context) error {
	resume, err := t.reconciler.Pause(t.session)
	if err != nil {
		return err
	}
	defer resume()
	began := t.now()
	t.history.tell(mirror.Event{
		At: began, UID: t.session.UID, Session: t.session.Name, Kind: mirror.ProbedEvent, Who: anybody,
		Switch: t.board.Status(t.session.UID).Placement.SwitchName, Text: "its mirror is interrupted for some seconds, to see whether it stops",
	})
	if !t.until(ctx, false) {
		t.why = "the switch did not take it to be disabled in time"
	} else {
		t.look(ctx)
	}
	resume()
	t.shown.Restored = t.until(ctx, true)
	t.shown.Disabled = t.now().Sub(began)
	if !t.shown.Restored && t.why == "" {
		t.why = "the switch has not been seen to stand enabled again yet; it will be"
	}
	if t.why == "" {
		t.drain()
		_, _ = t.ask(ctx, t.session, t.how, false) // it makes something to be mirrored; what it shows is in the count
		t.shown.After = t.count(ctx, toggleReturn, true)
	}
	return nil
}

// look counts what comes while the session is disabled, and sees to it that there is something to be mirrored.
func (t *toggling) look(ctx context.Context) {
	before := t.volumes()
	wait(ctx, toggleGrace)
	t.drain()
	list, _ := t.ask(ctx, t.session, t.how, true)
	t.shown.While = t.count(ctx, toggleLook, false)
	for _, p := range list {
		t.shown.Active = t.shown.Active || p.Answered
	}
	for key, v := range t.volumes() {
		t.shown.Active = t.shown.Active || v.Bytes > before[key].Bytes && before[key].Bytes > 0
	}
}

// until waits until the session stands on the switch enabled, or disabled.
func (t *toggling) until(ctx context.Context, enabled bool) bool {
	ctx, cancel := context.WithTimeout(ctx, toggleApply)
	defer cancel()
	_, err := t.board.Wait(ctx, t.session.UID, func(s mirror.Status) bool {
		return s.Placement.Applied && s.Placement.Session.Enabled == enabled
	})
	return err == nil
}

// volumes is what the ports of the session have moved, by their counters.
func (t *toggling) volumes() map[string]mirror.Volume {
	placement := t.board.Status(t.session.UID).Placement
	readings := t.counting.readings(placement.Switch)
	list := make(map[string]mirror.Volume)
	for _, s := range placement.Sources {
		if r, ok := readings[s.Port.Key]; ok && s.Fault == nil {
			list[s.Port.Key] = r.FromVM.Add(r.ToVM)
		}
	}
	return list
}

// drain lets go of what came until now, which is not counted.
func (t *toggling) drain() {
	for t.frames.Poll() != nil {
	}
	c := t.frames.Counts()
	t.taken = c.Frames + c.Lost
}

// count counts what comes for a time; enough: it need not be all.
func (t *toggling) count(ctx context.Context, during time.Duration, enough bool) uint64 {
	ctx, cancel := context.WithTimeout(ctx, during)
	defer cancel()
	for {
		f, err := t.frames.Next(ctx)
		if err != nil {
			break
		}
		if enough {
			break
		}
		t.odd = fmt.Sprintf("%s (%s)", f.Host, f.Exporter)
	}
	c := t.frames.Counts()
	return c.Frames + c.Lost - t.taken
}

// conclude says what the stages together show.
func (t *toggling) conclude() (mirror.ProbeResult, string) {
	s := t.shown
	switch {
	case t.why != "":
		return mirror.ProbeOpen, t.why
	case s.While > 0:
		return mirror.ProbeMissing, fmt.Sprintf("%d packets that pass for the session's went on to arrive while it was disabled on the switch, the last from %s: something else sends them, such as another session with the same id, or a host that did not take the change",
			s.While, t.odd)
	case s.After == 0:
		return mirror.ProbeMissing, "its packets stopped while it was disabled, and did not come back after it was enabled again: the host may not have taken the change, or nothing moved since"
	case !s.Active:
		return mirror.ProbeOpen, "its packets stopped and came back, but nothing shows that there was anything to mirror meanwhile: its ports moved nothing, and no guest answered a probe"
	}
	return mirror.ProbeProved, fmt.Sprintf("its packets stopped while it was disabled, though its sources went on, and came back when it was enabled: what arrives is what is configured; the mirror was interrupted for %s", s.Disabled.Round(time.Millisecond))
}

// wait waits, unless ctx ends before.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
