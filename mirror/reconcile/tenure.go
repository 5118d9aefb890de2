package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

const (
	// patience is how many passes in a row may fail before another daemon is given the chance to do better.
	patience = 6
	// recess is how long this daemon does not campaign after it gave up.
	recess = 30 * time.Second
	// resignTime bounds how long ending a tenure may take.
	resignTime = 2 * time.Second
)

// office is the right to change something, for as long as the daemon has it.
type office struct {
	r       *Reconciler
	key     string
	about   string // for people
	changed func() // called after the daemon came to have the right, and after it lost it
	quit    signal // give it up
	held    guarded[store.Tenure]
}

func (r *Reconciler) newOffice(key, about string, changed func()) *office {
	return &office{r: r, key: key, about: about, changed: changed, quit: newSignal()}
}

// run campaigns, serves and campaigns again until ctx ends.
func (o *office) run(ctx context.Context) {
	retry := newBackoff()
	for ctx.Err() == nil {
		tenure, err := o.r.opts.Writers.Campaign(ctx, o.key)
		if err != nil {
			if ctx.Err() == nil {
				pause := retry.NextBackOff()
				o.r.opts.Log.Warn("cannot become the writer", "of", o.about, "error", err, "retry", pause)
				wait(ctx, pause)
			}
			continue
		}
		retry.Reset()
		o.serve(ctx, tenure)
	}
}

// giveUp ends the tenure for a while, unless there is nobody to leave it to.
func (o *office) giveUp() {
	if !o.alone() {
		o.quit.send()
	}
}

func (o *office) alone() bool {
	_, alone := o.r.opts.Writers.(store.Alone)
	return alone
}

// serve holds the right until it is lost, given up, or ctx ends.
func (o *office) serve(ctx context.Context, tenure store.Tenure) {
	select {
	case <-o.quit: // of an earlier tenure
	default:
	}
	o.held.set(tenure)
	o.tell("became the writer of " + o.about)
	o.changed()
	var rest time.Duration
	select {
	case <-ctx.Done():
	case <-tenure.Lost():
	case <-o.quit:
		rest = recess
	}
	o.held.set(nil)
	resigning, cancel := context.WithTimeout(context.WithoutCancel(ctx), resignTime)
	if err := tenure.Resign(resigning); err != nil {
		o.r.opts.Log.Warn("the right to write runs out by itself", "of", o.about, "error", err)
	}
	cancel()
	o.tell("is not the writer of " + o.about + " any more")
	o.changed()
	wait(ctx, rest)
}

func (o *office) tell(text string) {
	if !o.alone() {
		o.r.opts.Log.Info("this daemon " + text)
		o.r.opts.Tell(mirror.Event{At: o.r.opts.Now(), Kind: mirror.WriterChanged, Who: mirror.Vspan, Text: "this daemon " + text})
	}
}

// confirm asks whether the daemon still has the right.
func (o *office) confirm(ctx context.Context) error {
	tenure := o.held.get()
	if tenure == nil {
		return o.notWriter(ctx, store.ErrNotWriter)
	}
	if err := tenure.Confirm(ctx); err != nil {
		return o.notWriter(ctx, err)
	}
	return nil
}

// notWriter says who has the right instead.
func (o *office) notWriter(ctx context.Context, cause error) *mirror.Fault {
	who, err := o.r.opts.Writers.Writer(ctx, o.key)
	if err != nil || who == "" {
		who = "no daemon yet"
	}
	return &mirror.Fault{Reason: mirror.NotWriter, Object: o.about, Text: fmt.Sprintf("is not this daemon's to change: its writer is %s", who), Err: cause, Told: true}
}

// Writer names the daemon that changes a switch: this one, another, or "" while there is none or that cannot be told.
func (r *Reconciler) Writer(ctx context.Context, id mirror.SwitchID) string {
	who, err := r.opts.Writers.Writer(ctx, officeOf(id))
	if err != nil {
		r.opts.Log.Debug("the writer of a switch is not known", "switch", id.UUID, "error", err)
		return ""
	}
	return who
}

// officeOf names the right to change a switch among the daemons, whatever each calls the vCenter.
func officeOf(id mirror.SwitchID) string { return "switch/" + id.UUID }
