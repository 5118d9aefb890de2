package sim

import (
	"fmt"
	"sync"
	"time"
)

// TaskStage says when an injected task failure happens.
type TaskStage string

const (
	// BeforeApply fails the task and changes nothing.
	BeforeApply TaskStage = "before"
	// AfterApply makes the change and fails the task all the same.
	AfterApply TaskStage = "after"
)

// maxTaskDelay keeps a slip of the hand from parking tasks for days.
const maxTaskDelay = time.Hour

// trouble is what clients' tasks have to expect.
type trouble struct {
	mu            sync.Mutex
	delay         time.Duration
	before, after int // failures still to come
}

// fate is what one task meets.
type fate struct {
	delay         time.Duration
	before, after bool
}

// take decides the fate of one task.
func (t *trouble) take() fate {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := fate{delay: t.delay}
	switch {
	case t.before > 0:
		t.before--
		f.before = true
	case t.after > 0:
		t.after--
		f.after = true
	}
	return f
}

// TaskDelay makes every following ReconfigureDvs_Task of a client take this
// long before it applies, 0..1h. Readers are not held up.
func (s *Simulator) TaskDelay(d time.Duration) error {
	if d < 0 || d > maxTaskDelay {
		return fmt.Errorf("task delay is %v, want 0..%v", d, maxTaskDelay)
	}
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	s.trouble.delay = d
	return nil
}

// FailTask makes the next count ReconfigureDvs_Tasks of clients fail with a
// DvsFault, before or after applying. 0 takes back what is still to come.
func (s *Simulator) FailTask(stage TaskStage, count int) error {
	if count < 0 {
		return fmt.Errorf("count of task failures is %d, want 0 or more", count)
	}
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	switch stage {
	case BeforeApply:
		s.trouble.before = count
	case AfterApply:
		s.trouble.after = count
	default:
		return fmt.Errorf("stage of the task failure is %q, want %q or %q", stage, BeforeApply, AfterApply)
	}
	return nil
}
