package evidence

import (
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
	missed           time.Time       // when it was last certain that nothing came although the port moved
	delivery         mirror.Delivery // at this tick
	partly           bool            // it shows that not everything comes
	whole            time.Time       // when it last showed that everything does
}

func (l *lane) update(direct, possible mirror.Volume, now time.Time) {
	l.delivery, l.partly = mirror.Delivery{}, false
	l.direct.update(direct.Packets, now)
	l.possible.update(possible.Packets, now)
}

// last is when anything came that is, or may be, of this lane.
func (l lane) last() time.Time { return later(l.direct.at, l.possible.at) }

// restart forgets when, but not how much.
func (l *lane) restart() {
	l.direct.at, l.possible.at, l.missed = time.Time{}, time.Time{}, time.Time{}
	l.delivery, l.partly, l.whole = mirror.Delivery{}, false, time.Time{}
}
