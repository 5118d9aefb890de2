package transcript

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vspan-io/vspan/mirror"
)

// Text is a verdict as an event tells it.
func Text(v mirror.Verdict) string { return fmt.Sprintf("%s (%s): %s", v.State, v.Reason, v.Message) }

// parseText is the inverse of Text, as far as state, reason and sentence.
func parseText(text string) (v mirror.Verdict, ok bool) {
	head, message, found := strings.Cut(text, "): ")
	state, reason, opened := strings.Cut(head, " (")
	if !found || !opened {
		return v, false
	}
	var errs [2]error
	v.State, errs[0] = mirror.ParseState(state)
	v.Reason, errs[1] = mirror.ParseReason(reason)
	v.Message = message
	return v, errs[0] == nil && errs[1] == nil && v.State != mirror.NoVerdict
}

// Recall puts what the events of a session tell of its verdicts before the turns that were kept since this process began. The events
// come in any order; they have no figures. A turn that ended unseen, because the process did, has the Until of the one after it.
func Recall(events []mirror.Event, turns []Turn) []Turn {
	var told []Turn
	for _, e := range events {
		v, ok := parseText(e.Text)
		if e.Kind != mirror.Judged || !ok {
			continue
		}
		if v.Since, v.At = e.At, e.At; len(turns) == 0 || e.At.Before(turns[0].Verdict.Since) {
			told = append(told, Turn{Verdict: v})
		}
	}
	slices.SortStableFunc(told, func(a, b Turn) int { return a.Verdict.Since.Compare(b.Verdict.Since) })
	if n := len(told); n > 0 && len(turns) > 0 && turns[0].Source == (Source{}) && sameVerdict(told[n-1].Verdict, turns[0].Verdict) {
		turns = slices.Clone(turns) // it held already before this process began
		turns[0].Verdict.Since = told[n-1].Verdict.Since
		told = told[:n-1]
	}
	for i := range told {
		switch {
		case i+1 < len(told):
			told[i].Until = told[i+1].Verdict.Since
		case len(turns) > 0:
			told[i].Until = turns[0].Verdict.Since
		}
	}
	return append(told, turns...)
}

func sameVerdict(a, b mirror.Verdict) bool { return a.State == b.State && a.Reason == b.Reason }
