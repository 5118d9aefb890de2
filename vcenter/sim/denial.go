package sim

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/types"
)

// denials are the rights that were taken from users.
type denials struct {
	mu   sync.Mutex
	list []denial
}

type denial struct {
	user, privilege string
	on              types.ManagedObjectReference
}

// Deny takes a privilege from a user on the objects of a name: hosts,
// portgroups, switches and virtual machines. He is told so when he asks, and a
// change of sessions without DVSwitch.Vspan gives NoPermission.
func (s *Simulator) Deny(user, privilege, object string) error {
	var found []types.ManagedObjectReference
	for _, kind := range []string{"HostSystem", "DistributedVirtualPortgroup", "DistributedVirtualSwitch", "VirtualMachine"} {
		for _, o := range s.registry().All(kind) {
			if o.Entity().Name == object {
				found = append(found, o.Reference())
			}
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("object %q: %w", object, ErrNotFound)
	}
	s.denials.mu.Lock()
	defer s.denials.mu.Unlock()
	for _, ref := range found {
		s.denials.list = append(s.denials.list, denial{user, privilege, ref})
	}
	return nil
}

func (d *denials) holds(user, privilege string, on types.ManagedObjectReference) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Contains(d.list, denial{user, privilege, on})
}

// granted tells whether the user has the privilege on the object.
func (s *Simulator) granted(user, privilege string, on types.ManagedObjectReference) bool {
	if s.denials.holds(user, privilege, on) {
		return false
	}
	system := strings.HasPrefix(privilege, "System.")
	switch user {
	case s.options.ReadOnlyUsername:
		return system
	case s.options.MirrorUsername:
		return system || privilege == "DVSwitch.Vspan" && on.Type == "DistributedVirtualSwitch"
	default:
		return true
	}
}
