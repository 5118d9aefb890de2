package reconcile

import (
	"context"

	"github.com/vspan-io/vspan/mirror"
)

// VCenter is what reconciling needs of one vCenter. Its methods may be called concurrently; for one switch Observe and Apply are
// called one at a time. Errors wrap a *mirror.Fault where there is a word for what happened; any other counts as unreachable.
type VCenter interface {
	// Switches lists the distributed switches there are.
	Switches(ctx context.Context) ([]mirror.SwitchID, error)

	// Observe reads one switch completely, or fails.
	Observe(ctx context.Context, id mirror.SwitchID) (mirror.Switch, error)

	// Apply carries out all changes in one task, if the switch is still of configVersion (mirror.ConcurrentAccess). Its success is
	// not believed before it is read back, and after its failure the changes may stand all the same.
	Apply(ctx context.Context, id mirror.SwitchID, configVersion string, changes []mirror.Change) error

	// Watch calls notify when something of the switch may have changed, until ctx ends or watching fails.
	Watch(ctx context.Context, id mirror.SwitchID, notify func()) error
}

// Glancer is a VCenter that can read what changes are guarded by, and no more, much faster than everything.
type Glancer interface {
	// Glance reads the sessions and the version of a switch anew, and leaves the rest as the given read found it.
	Glance(ctx context.Context, sw mirror.Switch) (mirror.Switch, error)
}
