package reconcile

import (
	"context"
	"errors"
	"fmt"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// mend looks for records that cannot be read and makes each anew from what stands on a switch under its name and this installation's
// marker. Whose traffic was meant is not known any more, only whose ports they are now: so it is made disabled, for an owner to look
// at. What stands nowhere stays damaged, and is told.
func (r *Reconciler) mend(ctx context.Context) error {
	damages, err := r.opts.Store.Damaged(ctx)
	if err != nil {
		return fmt.Errorf("look for damaged records: %w", err)
	}
	told := r.damaged
	r.damaged = make(map[string]int64, len(damages))
	var errs []error
	for _, d := range damages {
		if told[d.Name] != d.Revision {
			r.opts.Log.Error("record is damaged", "session", d.Name, "error", d.Err)
			r.opts.Tell(mirror.Event{At: r.opts.Now(), Session: d.Name, Kind: mirror.DamagedEvent, Failure: true, Who: mirror.Vspan, Text: d.Err.Error()})
		}
		r.damaged[d.Name] = d.Revision
		errs = append(errs, r.rebuild(ctx, d))
	}
	return errors.Join(errs...)
}

func (r *Reconciler) rebuild(ctx context.Context, d store.Damage) error {
	for _, o := range r.Orphans() {
		if o.Session.Name != d.Name {
			continue
		}
		sw, known := r.inventory.newest(o.Switch)
		if !known {
			continue
		}
		s, left, fault := r.adoption(sw).Adopt(o.Session)
		if fault != nil {
			continue
		}
		s.Name, s.Spec.Enabled = d.Name, false
		s.Generation++
		stored, err := r.opts.Store.Mend(ctx, s, d.Revision)
		switch {
		case errors.Is(err, store.ErrConflict):
			return nil // it changed since: look again then
		case err != nil:
			return fmt.Errorf("rebuild the damaged record of session %q: %w", d.Name, err)
		}
		delete(r.damaged, d.Name)
		r.tellOrphan(stored, sw, mirror.Adopted, fmt.Sprintf("the damaged record was made anew from what stands on the switch (key %s), disabled: "+
			"whose traffic was meant is not known any more; look at its sources and enable it (ports without a VM: %v)", o.Session.Key, left))
		return nil
	}
	return nil
}
