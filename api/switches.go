package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

const freshText = `What was last read of vCenter; with ` + "`fresh`" + ` it is read now. In a list of several switches those that cannot be read are shown as they
were last read: ` + "`readAt`" + ` says when.`

// switches answers what is there to be mirrored, and who else mirrors.
type switches struct {
	inventory Inventory
	store     store.Store
	owner     string
	brake     Brake // nil: nothing is ever held
	writer    func(context.Context, mirror.SwitchID) string
}

func (h switches) register(a huma.API) {
	op := func(id, path, summary string) huma.Operation {
		return operation(a, "switches", id, http.MethodGet, "/v1/switches"+path, summary, freshText)
	}
	huma.Register(a, op("list-switches", "", "List distributed switches"), h.list)
	huma.Register(a, op("list-ports", "/{name}/ports", "List the ports of a switch"), h.ports)
	huma.Register(a, op("list-foreign-sessions", "/{name}/foreign-sessions", "List the sessions on a switch that are not vspan's"), h.foreign)
	held := op("list-held", "/{name}/held", "List what is held back on a switch")
	held.Description = heldText
	huma.Register(a, held, h.listHeld)
	huma.Register(a, operation(a, "switches", "release-switch", http.MethodPost, "/v1/switches/{name}:release", "Let what is held back be done", releaseText), h.release)
}

// SwitchQuery picks among switches and their readings.
// It is exported only because huma reads no other embedded structs.
type SwitchQuery struct {
	VCenter string `query:"vcenter" doc:"Name of a configured vCenter; needed when several have a switch of this name"`
	Fresh   bool   `query:"fresh" doc:"true: read vCenter now"`
}

type switchesInput struct {
	PageQuery
	SwitchQuery
}

type switchesOutput struct{ Body wire.SwitchList }

func (h switches) list(ctx context.Context, in *switchesInput) (*switchesOutput, error) {
	all, err := h.read(ctx, in.VCenter, in.Fresh)
	if err != nil {
		return nil, err
	}
	cut, next, p := sortedPage(all, in.PageQuery, func(s mirror.Switch) string { return s.Name + "\x00" + s.ID.VCenter + "\x00" + s.ID.UUID })
	if p != nil {
		return nil, p
	}
	held := h.held()
	list := make([]wire.Switch, len(cut))
	for i, s := range cut {
		list[i] = renderSwitch(s)
		list[i].Held, list[i].Writer = len(held[s.ID]), h.writer(ctx, s.ID)
	}
	return &switchesOutput{wire.SwitchList{Items: list, NextPageToken: next}}, nil
}

// SwitchPath names a switch in the URL.
// It is exported only because huma reads no other embedded structs.
type SwitchPath struct {
	Name string `path:"name" doc:"The switch's name" example:"DVS0"`
}

type portsInput struct {
	SwitchPath
	SwitchQuery
	PageQuery
	VM string `query:"vm" doc:"Only ports of this VM"`
}

type portsOutput struct{ Body wire.PortList }

func (h switches) ports(ctx context.Context, in *portsInput) (*portsOutput, error) {
	sw, err := h.find(ctx, in.Name, in.SwitchQuery)
	if err != nil {
		return nil, err
	}
	ports := slices.DeleteFunc(slices.Clone(sw.Ports), func(p mirror.Port) bool { return in.VM != "" && p.VM != in.VM })
	cut, next, p := sortedPage(ports, in.PageQuery, func(p mirror.Port) string { return p.VM + "\x00" + p.NIC + "\x00" + p.Key })
	if p != nil {
		return nil, p
	}
	list := make([]wire.Port, len(cut))
	for i, p := range cut {
		list[i] = renderPort(p)
	}
	return &portsOutput{wire.PortList{Items: list, NextPageToken: next}}, nil
}

// read returns the switches of the vCenter asked for, or of all.
func (h switches) read(ctx context.Context, vcenter string, fresh bool) ([]mirror.Switch, error) {
	all, err := h.inventory.Switches(ctx, vcenter, fresh)
	if err != nil {
		return nil, faultProblem(err)
	}
	return all, nil
}

// find returns the one switch of this name. When it is to be read now and cannot be, that is an error: what was last read of it is
// not what was asked for.
func (h switches) find(ctx context.Context, name string, q SwitchQuery) (mirror.Switch, error) {
	all, err := h.read(ctx, q.VCenter, false)
	if err != nil {
		return mirror.Switch{}, err
	}
	found := named(all, name)
	if len(found) == 0 && q.Fresh { // it may have got this name since
		if all, err = h.read(ctx, q.VCenter, true); err != nil {
			return mirror.Switch{}, err
		}
		found = named(all, name)
	}
	switch len(found) {
	case 0:
		return mirror.Switch{}, switchNotFound.problem("there is no switch %q; GET /v1/switches lists those there are", name)
	case 1:
	default:
		var where []string
		for _, s := range found {
			where = append(where, s.ID.VCenter)
		}
		return mirror.Switch{}, switchAmbiguous.problem("switch %q is on the vCenters %s: say which with ?vcenter=", name, strings.Join(where, ", "))
	}
	if !q.Fresh {
		return found[0], nil
	}
	sw, err := h.inventory.Refresh(ctx, found[0].ID)
	if err != nil {
		return mirror.Switch{}, faultProblem(err)
	}
	return sw, nil
}

func named(all []mirror.Switch, name string) []mirror.Switch {
	return slices.DeleteFunc(slices.Clone(all), func(s mirror.Switch) bool { return s.Name != name })
}

// sortedPage sorts items by key and cuts the asked page out of them.
func sortedPage[T any](items []T, q PageQuery, key func(T) string) ([]T, string, *wire.Problem) {
	slices.SortFunc(items, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return page(items, q, key)
}
