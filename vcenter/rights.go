package vcenter

import (
	"context"
	"slices"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/doctor"
)

// readPrivileges is what every object that a mirror rests on must grant.
var readPrivileges = []string{"System.View", "System.Read"}

// tellingPrivileges are some that vspan never uses: who holds one of them holds more than is needed.
var tellingPrivileges = []string{
	"DVSwitch.Modify", "DVSwitch.Delete", "DVPortgroup.Modify", "Host.Config.Network", "VirtualMachine.Config.Settings",
	"VirtualMachine.Interact.PowerOff", "Authorization.ModifyPermissions",
}

const (
	// rightsBatch is of how many objects the rights are asked by one call.
	rightsBatch = 500
	// maxRights bounds of how many they are asked at all: those of VMs come last.
	maxRights = 5000
)

// thing is an object on which the user needs rights.
type thing struct {
	ref  reference
	kind doctor.Kind
	name string
}

// objects lists what the switches consist of, as far as the user may see it: what is hidden cannot be asked about.
func (c *Client) objects(switches []mirror.Switch) []thing {
	var things, vms []thing
	seen := make(map[string]bool)
	for _, sw := range switches {
		if s, ok := c.switches.find(sw.ID.UUID); ok {
			things = append(things, thing{s.ref, doctor.SwitchKind, sw.Name})
		}
		for _, h := range sw.Hosts {
			if !seen[h.ID] {
				seen[h.ID] = true
				things = append(things, thing{reference{Type: "HostSystem", Value: h.ID}, doctor.HostKind, h.Name})
			}
		}
		for _, g := range sw.Portgroups {
			things = append(things, thing{reference{Type: "DistributedVirtualPortgroup", Value: g.Key}, doctor.PortgroupKind, g.Name})
		}
		for _, p := range sw.Ports {
			if p.Connectee == mirror.VMNIC && p.VM != "" && !seen[p.VMID] {
				seen[p.VMID] = true
				vms = append(vms, thing{reference{Type: "VirtualMachine", Value: p.VMID}, doctor.VMKind, p.VM})
			}
		}
	}
	return append(things, vms...)
}

// rights asks what the user may do on the objects. An error means that the login ended; what else is in the way is part of the answer.
func (c *connection) rights(ctx context.Context, objects []thing) (doctor.Rights, error) {
	user, err := c.login.UserSession(ctx)
	switch {
	case err != nil:
		return doctor.Rights{Fault: err.Error()}, goneOnly(err)
	case user == nil:
		return doctor.Rights{}, errLoginGone
	case c.vim.ServiceContent.AuthorizationManager == nil:
		return doctor.Rights{Fault: "it does not tell what a user may do"}, nil
	}
	var r doctor.Rights
	if len(objects) > maxRights {
		r.Left, objects = len(objects)-maxRights, objects[:maxRights]
	}
	for batch := range slices.Chunk(objects, rightsBatch) {
		granted, err := c.granted(ctx, user.UserName, batch)
		if err != nil {
			return doctor.Rights{Fault: err.Error()}, goneOnly(err)
		}
		for _, t := range batch {
			if held, answered := granted[t.ref]; answered {
				r.Objects = append(r.Objects, rightOn(t, held))
			} else {
				r.Left++
			}
		}
	}
	return r, nil
}

// granted asks which of the privileges that matter a user holds on each of the objects.
func (c *connection) granted(ctx context.Context, user string, objects []thing) (map[reference]map[string]bool, error) {
	req := types.HasUserPrivilegeOnEntities{
		This: *c.vim.ServiceContent.AuthorizationManager, UserName: user,
		PrivId: slices.Concat(readPrivileges, []string{Privilege}, tellingPrivileges),
	}
	for _, t := range objects {
		req.Entities = append(req.Entities, t.ref)
	}
	res, err := methods.HasUserPrivilegeOnEntities(ctx, c.vim, &req)
	if err != nil {
		return nil, err
	}
	granted := make(map[reference]map[string]bool, len(objects))
	for _, e := range res.Returnval {
		held := make(map[string]bool, len(e.PrivAvailability))
		for _, p := range e.PrivAvailability {
			held[p.PrivId] = p.IsGranted
		}
		granted[reference{Type: e.Entity.Type, Value: e.Entity.Value}] = held
	}
	return granted, nil
}

func rightOn(t thing, held map[string]bool) doctor.Right {
	r := doctor.Right{Kind: t.kind, Name: t.name, ID: t.ref.Value}
	needed := readPrivileges
	if t.kind == doctor.SwitchKind {
		needed = append(slices.Clone(readPrivileges), Privilege)
	}
	for _, p := range needed {
		if !held[p] {
			r.Lacks = append(r.Lacks, p)
		}
	}
	for _, p := range tellingPrivileges {
		if held[p] {
			r.Beyond = append(r.Beyond, p)
		}
	}
	return r
}
