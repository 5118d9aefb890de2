package reconcile

// Point names a place between two lasting effects of reconciling.
type Point string

// The points, in the order in which a session passes them.
const (
	Planned       Point = "planned"        // what is to change is known, and nothing of it was noted
	Noted         Point = "noted"          // ids, receivers and pins are stored
	Recorded      Point = "recorded"       // the change is in the audit record, and was not sent
	Confirmed     Point = "confirmed"      // this daemon was the writer a moment ago, and the change was not sent
	Sent          Point = "sent"           // vCenter answered, and the answer was not looked at
	Answered      Point = "answered"       // the answer is in the record, and the switch was not read back
	ReadBack      Point = "read_back"      // the switch was read, and what stands was not noted
	StandingNoted Point = "standing_noted" // where the sessions stand is stored
	Closing       Point = "closing"        // a deleted session was seen to be gone, and its record is there
	HasClosed     Point = "closed"         // its record is gone
)

// Points lists all of them.
func Points() []Point {
	return []Point{Planned, Noted, Recorded, Confirmed, Sent, Answered, ReadBack, StandingNoted, Closing, HasClosed}
}
