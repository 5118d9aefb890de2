package mirror_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/mirror"
)

// Every reason but those of what is well says what to do next.
func TestEveryReasonHasANextStep(t *testing.T) {
	well := []mirror.Reason{mirror.PacketsSeen, mirror.ProbeSeen}
	for _, r := range mirror.Reasons() {
		if step := r.NextStep(); (step == "") != slices.Contains(well, r) || step != "" && (!strings.HasSuffix(step, ".") || len(step) > 200) {
			t.Errorf("%s: %q", r, step)
		}
	}
	if step := mirror.NoReason.NextStep() + mirror.Reason(255).NextStep(); step != "" {
		t.Errorf("no reason: %q", step)
	}
}
