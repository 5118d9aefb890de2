package mirror

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Session is one mirror as its owner wants it.
type Session struct {
	Name string // see ValidName; unique within one installation
	UID  string // made at creation, never reused; it, not the name, identifies the session on the switch

	Revision   int64 // of the store, which compares and swaps by it
	Asked      int64 // the Revision of the newest change by an owner; 0: Revision is that. See AskedRevision
	Generation int64 // counts changes of Spec, from 1

	Labels    map[string]string
	CreatedAt time.Time
	CreatedBy string

	Spec Spec

	// ExpiresAt is when the session's time is up: Spec.Life counted from the moment it was accepted. Zero means never.
	ExpiresAt time.Time

	// Notes are what vspan itself found out about the session and must not forget.
	Notes

	// DeletedAt marks a tombstone: the session is to be removed from its switch and is kept until a complete read of the switch
	// shows it gone. Zero for a living session.
	DeletedAt time.Time
}

// AskedRevision is the revision that owners see and the API's ETag: what vspan notes by itself changes Revision and not this, so
// that it gets in no owner's way.
func (s Session) AskedRevision() int64 { return cmp.Or(s.Asked, s.Revision) }

// Deleting reports whether the session is a tombstone.
func (s Session) Deleting() bool { return !s.DeletedAt.IsZero() }

// Expired reports whether the session's time is up at now.
func (s Session) Expired(now time.Time) bool {
	return !s.ExpiresAt.IsZero() && !now.Before(s.ExpiresAt)
}

// Clone returns a deep copy.
func (s Session) Clone() Session {
	s.Labels = maps.Clone(s.Labels)
	s.Spec = s.Spec.Clone()
	s.Notes = s.Notes.Clone()
	return s
}

// Spec is what a session's owner asks for. Its zero value asks for nothing; WithDefaults fills what may be left out.
type Spec struct {
	VCenter string // name of a configured vCenter; "" when the sources settle it
	Switch  string // name of the switch; "" when the sources settle it

	Sources       []Source
	Destination   Destination
	Encapsulation Encapsulation

	SnapLength int    // bytes of each frame to mirror, at least MinSnapLength; 0: whole frames
	Sampling   int    // mirror one of n packets, 1 to 65535
	Netstack   string // TCP/IP stack of the hosts that sends the mirror; "": the default one

	Enabled bool
	Life    Life
	OnDrift DriftPolicy
}

// Clone returns a deep copy.
func (s Spec) Clone() Spec {
	s.Sources = slices.Clone(s.Sources)
	s.Destination.Addresses = slices.Clone(s.Destination.Addresses)
	return s
}

// Equal reports whether two specs ask for the same.
func (s Spec) Equal(o Spec) bool {
	return s.VCenter == o.VCenter && s.Switch == o.Switch &&
		slices.Equal(s.Sources, o.Sources) && s.Destination.Equal(o.Destination) &&
		s.Encapsulation == o.Encapsulation && s.SnapLength == o.SnapLength && s.Sampling == o.Sampling &&
		s.Netstack == o.Netstack && s.Enabled == o.Enabled && s.Life == o.Life && s.OnDrift == o.OnDrift
}

// Life is how long a session may live: for a time, counted from the moment its spec was accepted, or until a time.
type Life struct {
	Never bool          // no end; it must be asked for in so many words
	For   time.Duration // when Never is false and Until is zero
	Until time.Time     // the end itself; in UTC and without a monotonic part, so that == compares lives
}

// EndsAt returns the end of a life that begins at start; zero when it never ends.
func (l Life) EndsAt(start time.Time) time.Time {
	if l.Never || !l.Until.IsZero() {
		return l.Until
	}
	return start.Add(l.For)
}
