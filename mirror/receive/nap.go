package receive

import (
	"context"
	"time"
)

// sleep waits for so long or until ctx ends. It sleeps as Go does and not in a call
// of the kernel: whenever one has taken long, the monitor of Go's scheduler wakes,
// and goes on to wake every 20 us for a while (runtime/proc.go, sysmon).
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
