package doctor

// Status is how a check came out. The zero value is Unknown: who did not look has found nothing in order.
type Status uint8

// The statuses.
const (
	Unknown Status = iota
	OK
	Warning // mirrors work, and not as well as they could, or not in every case
	Failed  // mirrors cannot work, or what is promised of them cannot be kept
)

func (s Status) String() string { return nameOf(statusNames, s) }

var statusNames = []string{Unknown: "unknown", OK: "ok", Warning: "warning", Failed: "failed"}

// Statuses lists all of them.
func Statuses() []Status { return []Status{Unknown, OK, Warning, Failed} }

// urgency orders statuses: what is worse comes first.
func (s Status) urgency() int {
	switch s {
	case Failed:
		return 0
	case Warning:
		return 1
	case OK:
		return 3
	default:
		return 2
	}
}
