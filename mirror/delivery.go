package mirror

import "time"

// Delivery compares what arrived of one direction of a source with what its port moved, by vCenter's counters, over a window that both
// speak of. The zero value is "not measured": the counters have not said enough.
type Delivery struct {
	Over     time.Duration // the length of the window
	Received Volume        // what certainly is of the source
	Moved    Volume        // by the port's counters
	Expected uint64        // bytes that were to arrive: of those that moved, what sampling lets pass
	// Ratio is received bytes over expected ones. It lies between Low and High: when the host counted is known within a few seconds, and
	// counters may hold checksums and padding that are not mirrored. All three are 0 where nothing was expected.
	Ratio, Low, High float64
}

// Measured reports whether there is anything in d.
func (d Delivery) Measured() bool { return d.Over > 0 }
