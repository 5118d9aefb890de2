package api

import (
	"cmp"
	"context"
	"time"

	"github.com/vspan-io/vspan/api/render"
	"github.com/vspan-io/vspan/api/wire"
)

const talkersText = `Hosts are the nodes of a graph, edges its edges. Looking is that of ` + "`…/flows`" + `. The rates are those of the ` + "`window`" + `, for which the answer is
waited; what was counted is since looking began.`

// maxWindow is how long rates may be taken over.
const maxWindow = 20 * time.Second

type talkersInput struct {
	SessionPath
	Top    int    `query:"top" minimum:"1" maximum:"2048" default:"50" doc:"How many of each kind at most"`
	Window string `query:"window" example:"5s" doc:"How long rates are taken over, at most 20s; 1s when left out, 0s: no rates"`
}

type talkersOutput struct{ Body wire.Talkers }

func (h *conversations) talkers(ctx context.Context, in *talkersInput) (*talkersOutput, error) {
	window, err := time.ParseDuration(cmp.Or(in.Window, "1s"))
	if err != nil || window < 0 || window > maxWindow {
		return nil, invalidField("query.window", "want a duration of at most %s, e.g. 5s", shortDuration(maxWindow))
	}
	s, t, err := h.track(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	view := t.Talkers()
	if window > 0 {
		began := time.Now()
		within, cancel := untilStop(ctx, window)
		<-within.Done()
		cancel()
		view = t.Talkers().RatesSince(view, time.Since(began))
	}
	w := render.Talkers(view, in.Top)
	w.Window = window.String()
	w.Tracking = render.Tracking(t.Totals(), t.Since, t.Until, t.Missed)
	w.Verdict = renderVerdict(h.board.Status(s.UID).Verdict)
	return &talkersOutput{w}, nil
}
