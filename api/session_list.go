package api

import (
	"context"
	"slices"
	"strings"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

const listText = `Ordered by name. Filters that are given must all hold; of several states one is enough. Sessions whose records cannot be read are in no page:
` + "`damaged`" + ` has their names, whatever the filters.`

// PageQuery picks a page of a list.
// It is exported only because huma reads no other embedded structs.
type PageQuery struct {
	Size  int    `query:"pageSize" minimum:"1" maximum:"1000" default:"100" doc:"How many items at most"`
	Token string `query:"pageToken" doc:"nextPageToken of the page before"`
}

type listInput struct {
	PageQuery
	Labels []string `query:"label,explode" maxItems:"16" example:"ticket=INC-42" doc:"KEY=VALUE; may be given several times"`
	States []string `query:"state,explode" enum:"pending,delivering,degraded,idle,lost,unverified,unknown,disabled,failed,expired" doc:"Of the verdict; may be given several times"`
	VM     string   `query:"vm" doc:"Sessions that mirror this VM, or ask for it by name"`
}

type listOutput struct{ Body wire.SessionList }

func (h *sessions) list(ctx context.Context, in *listInput) (*listOutput, error) {
	labels := make(map[string]string, len(in.Labels))
	for _, l := range in.Labels {
		key, value, ok := strings.Cut(l, "=")
		if !ok {
			return nil, invalidField("query.label", "want KEY=VALUE")
		}
		labels[key] = value
	}
	all, _, err := h.store.List(ctx)
	if err != nil {
		return nil, h.storeProblem("", err)
	}
	statuses := h.board.Statuses()
	fitting := slices.DeleteFunc(all, func(s mirror.Session) bool {
		status := statuses[s.UID]
		return !hasLabels(s, labels) ||
			len(in.States) > 0 && !slices.Contains(in.States, renderVerdict(status.Verdict).State) ||
			in.VM != "" && !mirrors(s, status, in.VM)
	})
	items, next, p := page(fitting, in.PageQuery, func(s mirror.Session) string { return s.Name })
	if p != nil {
		return nil, p
	}
	list := make([]wire.Session, len(items))
	for i, s := range items {
		list[i] = renderSession(s, statuses[s.UID])
	}
	damaged, err := h.damaged(ctx)
	if err != nil {
		return nil, h.storeProblem("", err)
	}
	return &listOutput{wire.SessionList{Items: list, NextPageToken: next, Damaged: damaged}}, nil
}

func hasLabels(s mirror.Session, labels map[string]string) bool {
	for key, value := range labels {
		if have, ok := s.Labels[key]; !ok || have != value {
			return false
		}
	}
	return true
}

// mirrors reports whether a session asks for a VM by name or was placed on one of its ports.
func mirrors(s mirror.Session, status mirror.Status, vm string) bool {
	return slices.ContainsFunc(s.Spec.Sources, func(src mirror.Source) bool { return src.VM == vm }) ||
		slices.ContainsFunc(status.Placement.Sources, func(p mirror.PlacedSource) bool { return p.Port.VM == vm })
}
