package reconcile

import (
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// Tagger is a VCenter that reads the tags of VMs only while somebody needs them: no notification tells of tags, so that reading them
// means asking again and again.
type Tagger interface {
	// FollowTags begins, or ends, to read tags with every Observe and to notify of changes.
	FollowTags(on bool)
}

// followTags has the vCenters read tags while a living session selects by one.
func (r *Reconciler) followTags(sessions []mirror.Session, now time.Time) {
	needed := slices.ContainsFunc(sessions, func(s mirror.Session) bool { return !over(s, now) && selectsByTag(s.Spec) })
	r.tagging.Lock()
	defer r.tagging.Unlock()
	r.setTags(needed || r.tagPreviews > 0)
}

// borrowTags has the vCenters read tags for a preview, until it gives them back: the clerk must not end it in between.
func (r *Reconciler) borrowTags() (giveBack func()) {
	r.tagging.Lock()
	defer r.tagging.Unlock()
	r.tagPreviews++
	r.setTags(true)
	return func() {
		r.tagging.Lock()
		defer r.tagging.Unlock()
		r.tagPreviews--
		r.changed.send() // the clerk knows whether anybody else needs them
	}
}

// setTags is called with the lock of tagging held.
func (r *Reconciler) setTags(on bool) {
	for _, vc := range r.opts.VCenters {
		if tagger, is := vc.(Tagger); is {
			tagger.FollowTags(on)
		}
	}
}

func selectsByTag(spec mirror.Spec) bool {
	return slices.ContainsFunc(spec.Sources, func(src mirror.Source) bool { return src.Selector.Tag != "" })
}
