// Package beat has what happens from time to time happen at the same moments. Each time that a process at rest wakes up costs more than
// most of what it wakes up for; what is due together costs one.
package beat

import "time"

// Until is how long it is from now until the next beat of a period, which must be positive: more than nothing, and at most the period.
// Beats are the multiples of the period since 1970 by the clock of the host; where that is set, one of them comes early, once.
func Until(now time.Time, period time.Duration) time.Duration {
	return period - time.Duration(now.UnixNano())%period
}
