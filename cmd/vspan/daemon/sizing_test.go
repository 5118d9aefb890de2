package daemon

import (
	"slices"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/evidence"
)

// What is missing of a session whose sizes are not known is looked at for a while, as long as it is found narrow, and then not for long.
func TestSizing(t *testing.T) {
	var s sizing
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	unsized := evidence.Result{UID: "a", Unsized: true}
	narrow := evidence.Result{UID: "a", Evidence: mirror.Evidence{Diagnoses: []mirror.Diagnosis{{Code: mirror.MTUOnPath}}}}
	for _, step := range []struct {
		after  time.Duration
		result evidence.Result
		want   []string
	}{
		{0, evidence.Result{UID: "a"}, nil},
		{0, unsized, []string{"a"}},
		{sizingFor - time.Second, narrow, []string{"a"}},
		{sizingFor - time.Second, evidence.Result{UID: "a"}, []string{"a"}},
		{2 * time.Second, narrow, nil}, // nobody looked when it was found
		{time.Second, unsized, nil},
		{sizingRest, unsized, []string{"a"}},
		{sizingFor, evidence.Result{UID: "b", Unsized: true, Evidence: mirror.Evidence{PacketsPerSecond: sizingMost}}, nil},
	} {
		now = now.Add(step.after)
		s.consider(step.result, now)
		if got := s.wanted(now); !slices.Equal(got, step.want) {
			t.Fatalf("at %s: %v are looked at, want %v", now, got, step.want)
		}
	}
	s.forget("a")
	for i := range 2 * sizingLooks {
		s.consider(evidence.Result{UID: string(rune('a' + i)), Unsized: true}, now)
	}
	if n := len(s.wanted(now)); n != sizingLooks {
		t.Errorf("%d sessions are looked at, want %d", n, sizingLooks)
	}
}
