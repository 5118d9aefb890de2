package vcenter

import (
	"context"
	"errors"
	"fmt"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// Privilege is what a user needs on a switch to change its mirror sessions and nothing else of it.
const Privilege = "DVSwitch.Vspan"

// Apply carries out all changes in one task, and waits for it. configVersion is that of the read on which the changes rest: when
// the switch has changed since, nothing is done and the fault is mirror.ConcurrentAccess. Without changes nothing is done.
//
// Nothing is tried twice here. That the task succeeded is no proof that the sessions stand; that it failed is none that they do not:
// read the switch again after every call, whatever its result. When the reply was lost, the error says that the outcome is not known.
func (c *Client) Apply(ctx context.Context, id mirror.SwitchID, configVersion string, changes []mirror.Change) error {
	if len(changes) == 0 {
		return nil
	}
	spec, err := configSpec(configVersion, changes)
	if err != nil {
		return err
	}
	var conn *connection
	var name SwitchName
	err = c.with(ctx, c.object(id), func(login *connection) (err error) {
		conn = login
		name, err = c.locate(ctx, login, id)
		return err
	})
	if err != nil {
		return err
	}
	if !conn.users.enter() {
		return explain(ctx, errLoginGone, c.object(id), c.config)
	}
	defer conn.users.leave()
	if err = c.reconfigure(ctx, conn, name.ref, spec); err == nil {
		return nil
	}
	c.learn(ctx, conn, err)
	if vanished(err) {
		c.switches.replace(nil)
		return &mirror.Fault{Reason: mirror.SwitchNotFound, Object: fmt.Sprintf("switch %q", name.Name), Text: "is not there any more", Err: err}
	}
	return c.refused(ctx, conn, name, err)
}

// errOutcome marks a failure after which the change may or may not have been made.
type errOutcome struct{ cause error }

func (e errOutcome) Error() string {
	return "whether the change was made is not known, read the switch again: " + e.cause.Error()
}
func (e errOutcome) Unwrap() error { return e.cause }

// reconfigure starts the task and waits for its end.
func (c *Client) reconfigure(ctx context.Context, conn *connection, sw reference, spec *types.VMwareDVSConfigSpec) error {
	res, err := methods.ReconfigureDvs_Task(ctx, conn.vim, &types.ReconfigureDvs_Task{This: sw, Spec: spec})
	if err != nil {
		if fault, _ := methodFault(err); fault != nil {
			return err // vCenter answered: it did not begin
		}
		return errOutcome{err}
	}
	err = c.finish(ctx, conn, res.Returnval)
	if _, ended := errors.AsType[errTask](err); ended || err == nil {
		return err
	}
	return errOutcome{err}
}

// refused explains why the change failed.
func (c *Client) refused(ctx context.Context, conn *connection, name SwitchName, err error) error {
	object := fmt.Sprintf("switch %q", name.Name)
	fault, _ := methodFault(err)
	switch f := fault.(type) {
	case *types.NoPermission:
		if f.PrivilegeId == "" && len(f.MissingPrivileges) == 0 {
			return &mirror.Fault{Reason: mirror.NoPermission, Object: object, Text: fmt.Sprintf("user %q lacks privilege %s on it", c.config.Username, Privilege), Err: err}
		}
	case *types.DvsOperationBulkFault:
		text := "vCenter accepted the change and these hosts did not: " + refusals(f, conn.hostNames(ctx, f))
		return &mirror.Fault{Reason: mirror.HostRefused, Object: object, Text: text, Err: err}
	}
	if lost, is := errors.AsType[errOutcome](err); is {
		explained := explain(ctx, lost.cause, object, c.config)
		if f, ok := errors.AsType[*mirror.Fault](explained); ok {
			return &mirror.Fault{Reason: f.Reason, Object: object, Text: "the change was sent", Err: errOutcome{f}}
		}
		return fmt.Errorf("%s: the change was sent: %w", object, errOutcome{explained})
	}
	return explain(ctx, err, object, c.config)
}

// hostNames names the hosts of a bulk fault, as far as they can be read.
func (c *connection) hostNames(ctx context.Context, f *types.DvsOperationBulkFault) map[reference]string {
	var refs []reference
	for _, h := range f.HostFault {
		refs = append(refs, h.Host)
	}
	objects, err := c.retrieve(ctx, exactly(refs, kind("HostSystem", "name")))
	if err != nil {
		return nil // their references will do
	}
	names := make(map[reference]string, len(objects))
	for _, o := range objects {
		names[o.ref] = name(o)
	}
	return names
}

// configSpec holds the version and the sessions and nothing more: anything else would need DVSwitch.Modify.
func configSpec(configVersion string, changes []mirror.Change) (*types.VMwareDVSConfigSpec, error) {
	spec := &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{ConfigVersion: configVersion}}
	for _, change := range changes {
		entry, err := configEntry(change)
		if err != nil {
			return nil, err
		}
		spec.VspanConfigSpec = append(spec.VspanConfigSpec, entry)
	}
	return spec, nil
}

func configEntry(change mirror.Change) (types.VMwareDVSVspanConfigSpec, error) {
	v := change.Session
	object := fmt.Sprintf("session %q", v.Name)
	operation := types.ConfigSpecOperationAdd
	switch change.Operation {
	case mirror.Add:
		v.Key = ""
	case mirror.Edit:
		operation = types.ConfigSpecOperationEdit
	case mirror.Remove:
		if v.Key == "" {
			return types.VMwareDVSVspanConfigSpec{}, fmt.Errorf("%s: removing a session needs its key", object)
		}
		return types.VMwareDVSVspanConfigSpec{
			VspanSession: types.VMwareVspanSession{Key: v.Key},
			Operation:    string(types.ConfigSpecOperationRemove),
		}, nil
	default:
		return types.VMwareDVSVspanConfigSpec{}, fmt.Errorf("%s: operation %s is none of vSphere's", object, change.Operation)
	}
	if change.Operation == mirror.Edit && v.Key == "" {
		return types.VMwareDVSVspanConfigSpec{}, fmt.Errorf("%s: editing a session needs its key", object)
	}
	if v.Type != mirror.L3Source {
		// Some of the other types can take a host down (KB 430676).
		return types.VMwareDVSVspanConfigSpec{}, mirror.Faultf(mirror.NotSupported, object, "is of type %q: only %s is ever written", v.Type, mirror.L3Source)
	}
	session, err := sessionTo(v)
	return types.VMwareDVSVspanConfigSpec{VspanSession: session, Operation: string(operation)}, err
}
