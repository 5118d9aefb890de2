package vcenter

import (
	"context"
	"errors"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// taskTimeout bounds a task: a reconfiguration is carried to every host of the switch before it ends.
const taskTimeout = 3 * time.Minute

var errTaskRuns = errors.New("the task has not ended in time")

// finish waits until a task has ended, and returns its fault as errTask.
func (c *Client) finish(ctx context.Context, conn *connection, task reference) error {
	ctx, cancel := context.WithTimeoutCause(ctx, taskTimeout, errTaskRuns)
	defer cancel()
	u, err := conn.follow(ctx, c.config.timeout(), exactly([]reference{task}, kind("Task", "info.state")))
	if err != nil {
		return err
	}
	defer u.close(ctx)
	for {
		changes, err := u.next(ctx)
		if err != nil {
			return err
		}
		if len(changes) == 0 {
			continue
		}
		ended, err := conn.outcome(ctx, task)
		if ended || err != nil {
			return err
		}
	}
}

// outcome reads whether a task has ended, and how: state and error together, so that they fit.
func (c *connection) outcome(ctx context.Context, task reference) (ended bool, err error) {
	objects, err := c.retrieve(ctx, exactly([]reference{task}, kind("Task", "info.state", "info.error")))
	if err != nil {
		return false, err
	}
	if len(objects) == 0 {
		return false, errors.New("vCenter has forgotten the task")
	}
	switch o := objects[0]; get[types.TaskInfoState](o, "info.state") {
	case types.TaskInfoStateSuccess:
		return true, nil
	case types.TaskInfoStateError:
		return true, errTask{get[types.LocalizedMethodFault](o, "info.error")}
	default:
		return false, nil
	}
}
