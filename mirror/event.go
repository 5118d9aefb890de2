package mirror

import "time"

// Event is one thing that happened to a session, or to a switch or the daemon when UID is "". Events are the history that a person
// reads: what, when, who, why.
type Event struct {
	At      time.Time
	UID     string // Session.UID
	Session string // its name
	Kind    EventKind
	Failure bool // failures are kept longer than successes
	// Who did it: a user of the API, "vspan", or a user of vCenter as vCenter spells him.
	Who    string
	Switch string // its name; "" when no switch has to do with it
	Text   string // what and why, one sentence for a person
}

// Vspan is Event.Who of what vspan does by itself.
const Vspan = "vspan"

// EventKind is what happened, in a word.
type EventKind uint8

// The kinds.
const (
	NoEvent         EventKind = iota
	Asked                     // the session was created
	Revised                   // its spec, labels or life were changed
	DeletionAsked             // it was marked to be removed
	Closed                    // its record was closed: it stands nowhere any more
	Applying                  // a change of the switch is about to be sent
	AppliedEvent              // vCenter said the change succeeded
	NotAppliedEvent           // it failed, or its outcome is not known
	Standing                  // a read showed the session as wanted
	Drifted                   // somebody else changed or removed it on the switch
	Judged                    // its verdict changed
	Adopted                   // a record was made from what stands on a switch
	DamagedEvent              // its record cannot be read
	WriterChanged             // this daemon became, or ceased to be, the writer of the switch
	Held                      // changes are held back until a person has looked
	PayloadOpened             // somebody began to be shown what was mirrored
	PayloadClosed             // he is shown no more of it
	ProbedEvent               // its mirror was probed, or interrupted to see whether it stops
)

func (k EventKind) String() string { return nameOf(eventNames, k) }

var eventNames = []string{
	NoEvent: "", Asked: "created", Revised: "changed", DeletionAsked: "deleted", Closed: "closed", Applying: "applying", AppliedEvent: "applied",
	NotAppliedEvent: "not_applied", Standing: "standing", Drifted: "drifted", Judged: "verdict", Adopted: "adopted", DamagedEvent: "damaged",
	WriterChanged: "writer_changed", Held: "held", PayloadOpened: "payload_opened", PayloadClosed: "payload_closed",
	ProbedEvent: "probed",
}

// EventKinds lists every kind but NoEvent.
func EventKinds() []EventKind { return all[EventKind](eventNames) }

// ParseEventKind is the inverse of String; "" is NoEvent.
func ParseEventKind(s string) (EventKind, error) {
	if s == "" {
		return NoEvent, nil
	}
	return valueOf[EventKind]("event", eventNames, s)
}
