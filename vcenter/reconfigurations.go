package vcenter

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

const (
	maxReconfigurations = 100 // of one answer: the newest

	// eventPage is how many events one reply may have. Each holds a whole specification, which may name hundreds of sessions.
	eventPage = 100
	// eventPages bounds how often is asked on: whether vCenter cuts off the older or the newer ones of too many, the API does not say.
	eventPages = 10
)

// Reconfigurations returns the changes of a switch since a time of vCenter's clock, the newest last: the newest 100 of them. They
// are vCenter's events, which it keeps for weeks; an edit or a removal need not say more of a session than its key. Its user must
// be allowed to see the switch (System.View).
func (c *Client) Reconfigurations(ctx context.Context, id mirror.SwitchID, since time.Time) ([]mirror.Reconfiguration, error) {
	var list []mirror.Reconfiguration
	err := c.onSwitch(ctx, id, func(conn *connection, name SwitchName) error {
		manager := conn.vim.ServiceContent.EventManager
		if manager == nil {
			return mirror.Faultf(mirror.NotSupported, c.config.object(), "keeps no events: who changed a switch cannot be told")
		}
		events, err := conn.reconfigured(ctx, *manager, name.ref, since)
		list = make([]mirror.Reconfiguration, 0, len(events))
		for _, e := range events {
			list = append(list, reconfigurationOf(e))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// reconfigured asks for the events of a switch, on from the newest as long as replies are full.
func (c *connection) reconfigured(ctx context.Context, manager, sw reference, since time.Time) ([]*types.DvsReconfiguredEvent, error) {
	var found []*types.DvsReconfiguredEvent
	for range eventPages {
		reply, err := methods.QueryEvents(ctx, c.vim, &types.QueryEvents{This: manager, Filter: types.EventFilterSpec{
			Entity:             &types.EventFilterSpecByEntity{Entity: sw, Recursion: types.EventFilterSpecRecursionOptionSelf},
			Time:               &types.EventFilterSpecByTime{BeginTime: &since},
			EventTypeId:        []string{"DvsReconfiguredEvent"},
			DisableFullMessage: types.NewBool(true),
			MaxCount:           eventPage,
		}})
		if err != nil {
			return nil, err
		}
		before := since
		for _, event := range reply.Returnval {
			e, ok := event.(*types.DvsReconfiguredEvent)
			if !ok || e.Dvs == nil || e.Dvs.Dvs != sw || e.CreatedTime.Before(before) {
				continue
			}
			found = append(found, e)
			if e.CreatedTime.After(since) {
				since = e.CreatedTime
			}
		}
		found = newest(found)
		if len(reply.Returnval) < eventPage || !since.After(before) {
			break
		}
	}
	return found, nil
}

// newest sorts events by age, each once, and keeps the last ones.
func newest(events []*types.DvsReconfiguredEvent) []*types.DvsReconfiguredEvent {
	slices.SortStableFunc(events, func(a, b *types.DvsReconfiguredEvent) int {
		return cmp.Or(a.CreatedTime.Compare(b.CreatedTime), cmp.Compare(a.Key, b.Key))
	})
	events = slices.CompactFunc(events, func(a, b *types.DvsReconfiguredEvent) bool { return a.Key == b.Key })
	return events[max(0, len(events)-maxReconfigurations):]
}

func reconfigurationOf(e *types.DvsReconfiguredEvent) mirror.Reconfiguration {
	r := mirror.Reconfiguration{At: e.CreatedTime, User: phrase(e.UserName)}
	if e.ConfigSpec == nil {
		return r
	}
	r.ConfigVersion = phrase(e.ConfigSpec.GetDVSConfigSpec().ConfigVersion)
	spec, ok := e.ConfigSpec.(*types.VMwareDVSConfigSpec)
	if !ok {
		return r
	}
	for _, change := range spec.VspanConfigSpec {
		if s, known := sessionChangeOf(change); known {
			r.Changes = append(r.Changes, s)
		}
	}
	return r
}

// sessionChangeOf is false for an operation that is none of vSphere's.
func sessionChangeOf(change types.VMwareDVSVspanConfigSpec) (mirror.SessionChange, bool) {
	s := mirror.SessionChange{Key: phrase(change.VspanSession.Key), Name: phrase(change.VspanSession.Name)}
	if m, ok := mirror.ParseMarker(change.VspanSession.Description); ok {
		s.UID = phrase(m.UID)
	}
	switch types.ConfigSpecOperation(change.Operation) {
	case types.ConfigSpecOperationAdd:
		s.Operation = mirror.Add
	case types.ConfigSpecOperationEdit:
		s.Operation = mirror.Edit
	case types.ConfigSpecOperationRemove:
		s.Operation = mirror.Remove
	default:
		return mirror.SessionChange{}, false
	}
	return s, true
}
