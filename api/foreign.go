package api

import (
	"context"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

type foreignInput struct {
	SwitchPath
	SwitchQuery
	PageQuery
}

type foreignOutput struct{ Body wire.ForeignSessionList }

// foreign lists the sessions on a switch that belong to no session of the store. One that bears this installation's marker is
// an orphan: its session is gone or was made by a state that is lost.
func (h switches) foreign(ctx context.Context, in *foreignInput) (*foreignOutput, error) {
	sw, err := h.find(ctx, in.Name, in.SwitchQuery)
	if err != nil {
		return nil, err
	}
	// Read after the switch: a session that is created meanwhile would else be taken for an orphan.
	stored, _, err := h.store.List(ctx)
	if err != nil {
		return nil, storeUnavailable.problem("which sessions are vspan's own cannot be told; try again")
	}
	known := make(map[string]bool, len(stored))
	for _, s := range stored {
		known[s.UID] = true
	}
	var others []mirror.VSPAN
	for _, v := range sw.Sessions {
		if m, marked := v.Marker(); !marked || m.Owner != h.owner || !known[m.UID] {
			others = append(others, v)
		}
	}
	cut, next, p := sortedPage(others, in.PageQuery, func(v mirror.VSPAN) string { return v.Name + "\x00" + v.Key })
	if p != nil {
		return nil, p
	}
	list := make([]wire.ForeignSession, len(cut))
	for i, v := range cut {
		m, marked := v.Marker()
		list[i] = wire.ForeignSession{
			Key: v.Key, Name: v.Name, Description: v.Description, Enabled: v.Enabled, Type: v.Type,
			Encapsulation: v.Encapsulation.String(), ERSPANID: int(v.ERSPANID),
			Destinations: renderAddresses(v.Destinations), Sources: append([]string{}, v.Ports()...),
			Orphan: marked && m.Owner == h.owner,
		}
	}
	return &foreignOutput{wire.ForeignSessionList{Items: list, NextPageToken: next}}, nil
}
