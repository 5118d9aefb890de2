package sim

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// startTask runs a task on the object and returns its reference at once.
//
// vcsim's own Task.Run keeps the object locked from the call until the task is
// done, so a delayed task would block every reader of the switch; a real
// vCenter goes on answering. Here the task locks what it needs itself, in a
// context of its own, and Run waits for it.
func (s *Simulator) startTask(
	ctx *simulator.Context, on mo.Reference, name, description string,
	run func(*simulator.Context) types.BaseMethodFault,
) types.ManagedObjectReference {
	own := *ctx // a copy: locks are held by the pointer
	task := simulator.CreateTask(on, name, nil)
	task.Self = types.ManagedObjectReference{Type: "Task", Value: fmt.Sprintf("task-vspan-%d", s.taskNumber.Add(1))}
	task.Info.Key, task.Info.Task = task.Self.Value, task.Self
	task.Info.Name, task.Info.DescriptionId = name, description
	if e, ok := on.(mo.Entity); ok {
		task.Info.EntityName = e.Entity().Name
	}
	task.Info.Reason = &types.TaskReasonUser{UserName: ctx.Session.UserName}
	task.Info.State = types.TaskInfoStateRunning
	task.Info.StartTime = types.NewTime(time.Now())
	ctx.Map.Put(task)

	s.tasks.Go(func() {
		result := run(&own)
		changes := []types.PropertyChange{
			{Name: "info.completeTime", Val: time.Now()},
			{Name: "info.state", Val: types.TaskInfoStateSuccess},
		}
		if result != nil {
			s.log.Info("task failed", "task", task.Self.Value, "name", name, "fault", fmt.Sprintf("%T", result))
			changes[1].Val = types.TaskInfoStateError
			changes = append(changes, types.PropertyChange{Name: "info.error", Val: types.LocalizedMethodFault{
				Fault: result, LocalizedMessage: faultMessage(result),
			}})
		}
		own.Map.AtomicUpdate(&own, task, changes)
	})
	return task.Self
}

// faultMessage is the sentence that goes with a fault.
func faultMessage(f types.BaseMethodFault) string {
	name := strings.TrimPrefix(fmt.Sprintf("%T", f), "*types.")
	message := f.GetMethodFault().FaultMessage
	if len(message) > 0 {
		return name + ": " + message[0].Message
	}
	if invalid, ok := f.(*types.InvalidArgument); ok {
		return "A specified parameter was not correct: " + invalid.InvalidProperty
	}
	return name
}

// pause waits for d and tells whether the simulator still runs then.
func (s *Simulator) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.stopped:
		return false
	}
}

// await waits for a task of vcsim's and returns its fault as an error.
func (s *Simulator) await(ref types.ManagedObjectReference) error {
	task, ok := s.registry().Get(ref).(*simulator.Task)
	if !ok {
		return fmt.Errorf("task %s: %w", ref.Value, ErrNotFound)
	}
	done := func() (over bool, failure *types.LocalizedMethodFault) {
		s.registry().WithLock(&simulator.Context{}, task, func() {
			over = task.Info.State == types.TaskInfoStateSuccess || task.Info.State == types.TaskInfoStateError
			failure = task.Info.Error
		})
		return over, failure
	}
	for wait := 50 * time.Microsecond; ; wait = min(2*wait, 10*time.Millisecond) {
		if over, failure := done(); over {
			return asError(failure)
		}
		time.Sleep(wait) // vcsim offers nothing to wait on but polling, see Task.Wait
	}
}

// asError is the fault as an error, nil without one.
func asError(failure *types.LocalizedMethodFault) error {
	if failure == nil {
		return nil
	}
	return faultError(failure.Fault)
}

// FaultError is a vSphere fault that a control action ran into.
type FaultError struct {
	// Fault is the name of the fault, "InvalidArgument" for example.
	Fault   string
	message string
}

// Error is the fault's sentence.
func (e *FaultError) Error() string { return e.message }

// faultError wraps a fault; nil stays nil.
func faultError(f types.BaseMethodFault) error {
	if f == nil {
		return nil
	}
	return &FaultError{Fault: strings.TrimPrefix(fmt.Sprintf("%T", f), "*types."), message: faultMessage(f)}
}

// ErrNotFound says that a named host, machine, port or session is not there.
var ErrNotFound = errors.New("not found")
