package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

const (
	listOrphansText = `Sessions on the switches that bear a marker of vspan's and that no session here asks for; each is left alone until its expiry, unless a
person says otherwise. Without ` + "`owner`" + `, or with ` + "`owner=this`" + `: those of this installation, which can be adopted or removed. With
` + "`owner=other`" + `: those of other installations, which are only shown. ` + "`others`" + ` counts the latter in each case: if one of these names is this
installation's old one, because its data directory is lost, start vspan with that name again.

What is shown of the sources is who has the ports now. vCenter gives ports that were freed to other VMs: whether they are those once meant
is for a person to judge.`

	adoptText = `Makes a session of it, so that it is kept as it stands on the switch from then on. Its sources are the VMs that have its ports now;
` + "`leftPorts`" + ` are those that nobody has, or that must not be mirrored.`

	removeOrphanText = `It is taken off its switch as any deleted session is; Location is the session that stands for it meanwhile, and is gone when it is.`
)

// Orphanage has what stands on the switches with this installation's marker and without a record. Its methods may be called concurrently.
type Orphanage interface {
	// Orphans returns them as of the newest look at each switch.
	Orphans() []mirror.Orphan
	// Adopt makes a record of one; left are the keys of its ports that are not among the sources of the session. Errors wrap a
	// *mirror.Fault or an error of the store.
	Adopt(ctx context.Context, uid string) (s mirror.Session, left []string, err error)
	// RemoveOrphan records that one is to be deleted, under mirror.NameForOrphan. Errors are like those of Adopt.
	RemoveOrphan(ctx context.Context, uid string) error
}

// orphans answers everything below /v1/orphans.
type orphans struct {
	orphanage Orphanage // nil: there are none
	inventory Inventory
	store     store.Store
	board     *store.Board
	owner     string
	log       *slog.Logger
}

func (h orphans) register(a huma.API) {
	op := func(id, method, path, summary, description string) huma.Operation {
		return operation(a, "orphans", id, method, "/v1/orphans"+path, summary, description)
	}
	adopt := op("adopt-orphan", http.MethodPost, "/{uid}:adopt", "Make a session of an orphan", adoptText)
	adopt.DefaultStatus = http.StatusCreated
	remove := op("remove-orphan", http.MethodPost, "/{uid}:remove", "Take an orphan off its switch", removeOrphanText)
	remove.DefaultStatus = http.StatusAccepted
	huma.Register(a, op("list-orphans", http.MethodGet, "", "List what stands on the switches and belongs to no session", listOrphansText), h.list)
	huma.Register(a, adopt, h.adopt)
	huma.Register(a, remove, h.remove)
}

type orphansInput struct {
	PageQuery
	Owner string `query:"owner" enum:"this,other" default:"this" doc:"Whose: this installation's, or those of all others"`
}

type orphansOutput struct{ Body wire.OrphanList }

func (h orphans) list(ctx context.Context, in *orphansInput) (*orphansOutput, error) {
	switches, err := h.inventory.Switches(ctx, "", false)
	if err != nil {
		return nil, faultProblem(err)
	}
	others := h.ofOthers(switches)
	all := others
	if in.Owner != "other" {
		if all, err = h.own(ctx); err != nil {
			return nil, err
		}
	}
	cut, next, p := sortedPage(all, in.PageQuery, func(o mirror.Orphan) string {
		return o.SwitchName + "\x00" + o.Switch.VCenter + "\x00" + o.Switch.UUID + "\x00" + o.Session.Name + "\x00" + o.Session.Key
	})
	if p != nil {
		return nil, p
	}
	list := make([]wire.Orphan, len(cut))
	for i, o := range cut {
		list[i] = renderOrphan(o, switches)
	}
	return &orphansOutput{wire.OrphanList{Items: list, NextPageToken: next, Others: countOthers(others)}}, nil
}

// own returns the orphans of this installation. One that was adopted or is being removed since its switch was looked at is none any more.
func (h orphans) own(ctx context.Context) ([]mirror.Orphan, error) {
	if h.orphanage == nil {
		return nil, nil
	}
	found := h.orphanage.Orphans() // before the records, so that one that is recorded meanwhile is not shown
	recorded, err := h.recorded(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(found), func(o mirror.Orphan) bool { _, known := recorded[o.Marker.UID]; return known }), nil
}

// recorded returns every record by the UID of its session.
func (h orphans) recorded(ctx context.Context) (map[string]mirror.Session, error) {
	all, _, err := h.store.List(ctx)
	if err != nil {
		return nil, storeProblem(h.log, "", err)
	}
	recorded := make(map[string]mirror.Session, len(all))
	for _, s := range all {
		recorded[s.UID] = s
	}
	return recorded, nil
}

// ofOthers returns what bears the marker of another installation.
func (h orphans) ofOthers(switches []mirror.Switch) []mirror.Orphan {
	var others []mirror.Orphan
	for _, sw := range switches {
		for _, v := range sw.Sessions {
			if m, marked := v.Marker(); marked && m.Owner != h.owner {
				others = append(others, mirror.Orphan{Switch: sw.ID, SwitchName: sw.Name, Session: v, Marker: m})
			}
		}
	}
	return others
}
