package evidence

import (
	"fmt"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// watch notes when a count last rose, at the precision of the judge's tick. The time of the tick is taken rather than that of the
// packets, because both halves of the proof are then measured by one clock.
type watch struct {
	count uint64
	at    time.Time // zero: never, as far as it matters
}

func (w *watch) update(count uint64, now time.Time) {
	if count > w.count {
		w.at = now
	}
	w.count = count
}

// since reports whether the count rose at or after t.
func (w watch) since(t time.Time) bool { return !w.at.IsZero() && !w.at.Before(t) }

// lane watches one direction of one source.
type lane struct {
	direct, possible watch
	aside            uint64 // possible's count when something last was certainly of this lane
}

func (l *lane) update(direct, possible mirror.Volume, now time.Time) {
	if direct.Packets > l.direct.count {
		l.aside = possible.Packets
	}
	l.direct.update(direct.Packets, now)
	l.possible.update(possible.Packets, now)
}

// last is when anything came that is, or may be, of this lane.
func (l lane) last() time.Time { return later(l.direct.at, l.possible.at) }

// maybe is how many packets came that may be of this lane, since one certainly was, or since the restart.
func (l *lane) maybe() uint64 { return l.possible.count - min(l.aside, l.possible.count) }

// restart forgets when, but not how much.
func (l *lane) restart() {
	l.direct.at, l.possible.at = time.Time{}, time.Time{}
	l.aside = l.possible.count
}

// doubts says what came nevertheless and may be of this lane.
func (l *lane) doubts() string {
	if n := l.maybe(); n > 0 {
		return fmt.Sprintf(" (but for %d packets that may be a neighbour's)", n)
	}
	return ""
}
