package flow

import (
	"math/rand/v2"
	"sync"

	"github.com/vspan-io/vspan/mirror"
)

// Config is what a Tracker is told of the mirror it watches. The zero value is a whole mirror of both directions.
type Config struct {
	// Flows is how many conversations are kept, 128 to 1<<24; 0: 16384. One takes about 2 kB, and memory grows with need.
	Flows int
	// Sampling is the mirror's: one of so many packets is mirrored; 0 and 1: all.
	Sampling int
	// Direction is what the session mirrors. With FromVM or ToVM half of each conversation is missing on purpose, and nothing is
	// concluded from its absence.
	Direction mirror.Direction
	// Lock guards the Tracker, and others that the same worker gives packets: see Batch. nil: one of its own.
	Lock *sync.Mutex
	// Site names the site of a host, "" when it belongs to none; nil: there are no sites. It is called once for each host and must not
	// call the Tracker.
	Site func(host string) string
}

// Bounds of what arrivals choose the number of.
const (
	defaultFlows = 16384
	minFlows     = 128
	maxFlows     = 1 << 24

	maxWatchpoints = 4096 // places that packets were seen at, and hosts
	maxSites       = 255
)

func (c Config) complete() Config {
	if c.Flows <= 0 {
		c.Flows = defaultFlows
	}
	c.Flows = min(max(c.Flows, minFlows), maxFlows)
	c.Sampling = max(c.Sampling, 1)
	if c.Lock == nil {
		c.Lock = new(sync.Mutex)
	}
	return c
}

// oneWay reports whether half of each conversation is missing on purpose.
func (c Config) oneWay() bool { return c.Direction != mirror.Both }

// newSeed makes the secret that keeps senders from choosing where the table keeps their flows. It is drawn when the program starts,
// whatever that is to do, and the runtime's generator, seeded by the system and not to be foretold, costs nothing then.
func newSeed() (s seed) {
	for i := range s {
		s[i] = rand.Uint64() | 1
	}
	return s
}
