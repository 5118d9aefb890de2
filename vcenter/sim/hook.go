package sim

import (
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// hook runs before every call of a client (simulator.Registry.Handler). It puts
// this package's objects in front of vcsim's, in the registry of the caller's
// session: replacing them in the inventory itself would break vcsim, which
// asserts its own types there and panics (AddDVPortgroup_Task).
func (s *Simulator) hook(ctx *simulator.Context, call *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if ctx.Session == nil || ctx.Session.UserName == "" {
		return nil, nil // not logged in, or vcsim's own in-process client
	}
	if fault := s.forbid(ctx, call); fault != nil {
		return nil, fault
	}
	switch call.Name {
	case "WaitForUpdatesEx", "WaitForUpdates", "CheckForUpdates":
		s.waiters.add(ctx, call.This)
	}
	switch call.This.Type {
	case "DistributedVirtualSwitch", "VmwareDistributedVirtualSwitch":
		s.front(ctx, call.This, func(o mo.Reference) mo.Reference {
			if dvs, ok := o.(*simulator.DistributedVirtualSwitch); ok && !s.options.Stock {
				return &dvSwitch{dvs, s}
			}
			return nil
		})
	case "DistributedVirtualSwitchManager":
		s.front(ctx, call.This, func(o mo.Reference) mo.Reference {
			if m, ok := o.(*simulator.DistributedVirtualSwitchManager); ok && !s.options.Stock {
				return &dvSwitchManager{m}
			}
			return nil
		})
	case "AuthorizationManager":
		s.front(ctx, call.This, func(o mo.Reference) mo.Reference {
			if m, ok := o.(*simulator.AuthorizationManager); ok {
				return &authorization{m, s}
			}
			return nil
		})
	case "ServiceInstance":
		s.front(ctx, call.This, func(o mo.Reference) mo.Reference {
			if i, ok := o.(*simulator.ServiceInstance); ok {
				return &serviceInstance{i, &s.ahead}
			}
			return nil
		})
	case "HostSystem":
		s.front(ctx, call.This, func(o mo.Reference) mo.Reference {
			if h, ok := o.(*simulator.HostSystem); ok {
				return &hostSystem{h, s}
			}
			return nil
		})
	}
	return nil, nil
}

// front puts the wrapper of an object into the session's registry, once. The
// object is locked meanwhile: registering writes its status fields.
func (s *Simulator) front(ctx *simulator.Context, ref types.ManagedObjectReference, wrap func(mo.Reference) mo.Reference) {
	object := ctx.Map.Get(ref)
	known := ctx.Session.Registry.Get(ref) != nil
	switch {
	case object == nil && known: // deleted since
		ctx.Session.Registry.Remove(ctx, ref)
	case object != nil && !known:
		if wrapper := wrap(object); wrapper != nil {
			ctx.Map.WithLock(ctx, object, func() { ctx.Session.Registry.Put(wrapper) })
		}
	}
}

// forbid is the fault for a call the user may not make. vCenter names the
// privilege: DVSwitch.Vspan suffices for sessions, anything else on a switch
// needs DVSwitch.Modify.
func (s *Simulator) forbid(ctx *simulator.Context, call *simulator.Method) types.BaseMethodFault {
	if !mutates(call) {
		return nil
	}
	privilege := "Global.Settings" // whichever it is, who may only look or mirror lacks it
	if r, ok := call.Body.(*types.ReconfigureDvs_Task); ok {
		privilege = "DVSwitch.Modify"
		if spec, ok := r.Spec.(*types.VMwareDVSConfigSpec); ok && len(spec.VspanConfigSpec) > 0 {
			privilege = "DVSwitch.Vspan"
		}
	}
	if s.granted(ctx.Session.UserName, privilege, call.This) {
		return nil
	}
	this := call.This
	return &types.NoPermission{
		Object: &this, PrivilegeId: privilege,
		MissingPrivileges: []types.NoPermissionEntityPrivileges{{Entity: this, PrivilegeIds: []string{privilege}}},
	}
}

// mutates tells whether the call changes the inventory. Objects of the session
// itself (collectors, filters, views) anyone may make and drop.
func mutates(call *simulator.Method) bool {
	switch call.This.Type {
	case "PropertyCollector", "PropertyFilter", "ContainerView", "ListView", "ViewManager", "SessionManager",
		"EventManager", "EventHistoryCollector", "TaskManager", "TaskHistoryCollector", "SearchIndex", "Task":
		return call.Name == "TerminateSession" || call.Name == "PostEvent" || call.Name == "CancelTask"
	}
	for _, harmless := range []string{"Retrieve", "Query", "Fetch", "Current", "Has", "Lookup", "Find", "Refresh", "Get"} {
		if strings.HasPrefix(call.Name, harmless) {
			return false
		}
	}
	return !strings.HasPrefix(call.Name, "DVSManagerLookup")
}
