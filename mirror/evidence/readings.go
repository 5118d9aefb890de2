package evidence

import (
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// readings are what vCenter said of one port's counters, over the last Options.Memory, oldest first.
//
// vCenter refreshes counters at a pace of its own, so that a change covers an unknown time before the reading that shows it. Traffic
// is said to have moved after a moment only on the strength of a change that followed another change after that moment: the second
// one covers no more than the time since the host counted for the first.
type readings struct {
	list      []mirror.PortCounters
	changed   time.Time        // when a change was last read
	fromSince time.Time        // since when the from-VM counters read as they do
	toSince   time.Time        // and the to-VM ones
	stood     time.Time        // until when they stood still because vCenter did not hear from the host
	intervals [3]time.Duration // between the last changes
	known     int              // how many of the intervals there are
}

// add takes a reading, if it is a new one, and reports whether the counters changed.
func (r *readings) add(c mirror.PortCounters, memory time.Duration) bool {
	n := len(r.list)
	if n == 0 {
		r.list, r.fromSince, r.toSince = append(r.list, c), c.At, c.At
		return false
	}
	last := r.list[n-1]
	if !c.At.After(last.At) {
		return false
	}
	if fell(last, c) { // the host restarted, or the port moved to one that counts from elsewhere
		*r = readings{list: append(r.list[:0], c), fromSince: c.At, toSince: c.At, stood: r.stood}
		return true
	}
	r.list = append(r.list, c)
	r.forget(c.At.Add(-memory))
	if c.FromVM != last.FromVM {
		r.fromSince = c.At
	}
	if c.ToVM != last.ToVM {
		r.toSince = c.At
	}
	if c.FromVM == last.FromVM && c.ToVM == last.ToVM {
		return false
	}
	if !r.changed.IsZero() {
		r.intervals[r.known%len(r.intervals)] = c.At.Sub(r.changed)
		r.known++
	}
	r.changed = c.At
	return true
}

func fell(before, now mirror.PortCounters) bool {
	return now.FromVM.Packets < before.FromVM.Packets || now.FromVM.Bytes < before.FromVM.Bytes ||
		now.ToVM.Packets < before.ToVM.Packets || now.ToVM.Bytes < before.ToVM.Bytes
}

// forget drops what is older than horizon, and keeps one reading in any case.
func (r *readings) forget(horizon time.Time) {
	drop := 0
	for drop < len(r.list)-1 && r.list[drop].At.Before(horizon) {
		drop++
	}
	r.list = append(r.list[:0], r.list[drop:]...)
}

// pace is how fast this port's counters are refreshed at least. It is not ok before several changes were seen in a row.
func (r *readings) pace() (time.Duration, bool) {
	return max(r.intervals[0], r.intervals[1], r.intervals[2]), r.known >= len(r.intervals)
}

// fresh reports whether the newest reading is no older than stale.
func (r *readings) fresh(now time.Time, stale time.Duration) bool {
	return len(r.list) > 0 && now.Sub(r.list[len(r.list)-1].At) <= stale
}

// moved is what the port moved in direction d for certain after a moment, at least.
func (r *readings) moved(after time.Time, d mirror.Direction) mirror.Volume {
	first := 0
	for first < len(r.list) && r.list[first].At.Before(after) {
		first++
	}
	for i := first + 1; i < len(r.list); i++ {
		if volume(r.list[i], d) != volume(r.list[i-1], d) {
			return less(volume(r.list[len(r.list)-1], d), volume(r.list[i], d))
		}
	}
	return mirror.Volume{}
}

// within is what the counters rose by in direction d since a moment, and over what time, give or take one refresh at each end.
func (r *readings) within(since time.Time, d mirror.Direction) (mirror.Volume, time.Duration) {
	for _, c := range r.list {
		if !c.At.Before(since) {
			last := r.list[len(r.list)-1]
			return less(volume(last, d), volume(c, d)), last.At.Sub(c.At)
		}
	}
	return mirror.Volume{}, 0
}

// steady is for how long the counters of direction d have been read without a change, of a host that vCenter hears from.
func (r *readings) steady(d mirror.Direction) time.Duration {
	n := len(r.list)
	if n == 0 {
		return 0
	}
	var since time.Time
	if d.HasFromVM() {
		since = r.fromSince
	}
	if d.HasToVM() {
		since = later(since, r.toSince)
	}
	return max(r.list[n-1].At.Sub(later(since, r.stood)), 0)
}

// volume is what the counters say of one direction, or of both.
func volume(c mirror.PortCounters, d mirror.Direction) mirror.Volume {
	switch d {
	case mirror.FromVM:
		return c.FromVM
	case mirror.ToVM:
		return c.ToVM
	default:
		return c.FromVM.Add(c.ToVM)
	}
}

func less(a, b mirror.Volume) mirror.Volume {
	return mirror.Volume{Packets: a.Packets - b.Packets, Bytes: a.Bytes - b.Bytes}
}
