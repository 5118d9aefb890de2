package api

import (
	"context"
	"fmt"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

const (
	heldText = `Removals that would follow from what vCenter shows and that nobody asked for. They are held back because they are most of what this
installation has on the switch: it is likelier that what was read is wrong than that all of it is gone. Look at vCenter first; then release them, or
mend what is wrong there, and they are made or forgotten by themselves.`

	releaseText = `Lets what is held back be done, once. ` + "`released`" + ` is how many changes that are; 0 when none is held.`
)

// Brake holds back what would take too much off a switch at once. Its methods may be called concurrently.
type Brake interface {
	// Held returns what is held back, as of the newest look at each switch; a switch of which nothing is held is not in it.
	Held() []mirror.Hold
	// Release lets what is held back on a switch, by its name or UUID, be done once, and returns how many changes that are. Its error wraps a
	// *mirror.Fault.
	Release(name string) (int, error)
}

// held returns what is held back on each switch.
func (h switches) held() map[mirror.SwitchID][]mirror.Change {
	held := make(map[mirror.SwitchID][]mirror.Change)
	if h.brake == nil {
		return held
	}
	for _, hold := range h.brake.Held() {
		held[hold.Switch] = hold.Changes
	}
	return held
}

type heldInput struct {
	SwitchPath
	SwitchQuery
	PageQuery
}

type heldOutput struct{ Body wire.OperationList }

func (h switches) listHeld(ctx context.Context, in *heldInput) (*heldOutput, error) {
	sw, err := h.find(ctx, in.Name, in.SwitchQuery)
	if err != nil {
		return nil, err
	}
	changes := append([]mirror.Change{}, h.held()[sw.ID]...)
	cut, next, p := sortedPage(changes, in.PageQuery, func(c mirror.Change) string {
		return fmt.Sprintf("%s\x00%s\x00%d", c.Session.Name, c.Session.Key, c.Operation)
	})
	if p != nil {
		return nil, p
	}
	list := make([]wire.Operation, len(cut))
	for i, c := range cut {
		list[i] = wire.Operation{Operation: c.Operation.String(), Why: c.Why, Session: renderVSPAN(c.Session)}
	}
	return &heldOutput{wire.OperationList{Items: list, NextPageToken: next}}, nil
}

type releaseInput struct {
	SwitchPath
	VCenter string `query:"vcenter" doc:"Name of a configured vCenter; needed when several have a switch of this name"`
}

type releaseOutput struct{ Body wire.Release }

func (h switches) release(ctx context.Context, in *releaseInput) (*releaseOutput, error) {
	sw, err := h.find(ctx, in.Name, SwitchQuery{VCenter: in.VCenter})
	if err != nil {
		return nil, err
	}
	if h.brake == nil {
		return &releaseOutput{}, nil
	}
	n, err := h.brake.Release(sw.ID.UUID)
	if err != nil {
		return nil, faultProblem(err)
	}
	return &releaseOutput{wire.Release{Released: n}}, nil
}
