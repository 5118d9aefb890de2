package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"

	"github.com/vspan-io/vspan/bench/result"
)

func flowsRows(*setting) []result.Row {
	rows := []result.Row{{
		Name: "flows", Unit: "ns CPU", Rival: "the same packets and evidence alone, in turn with it",
		Work: "evidence and flows of 64 sessions with 10,000 TCP conversations, the daemon's own path without its sockets",
	}}
	rows[0].AtMost(2.5, result.RatioFigure)
	return rows
}

// measureFlows runs the daemon's own benchmark, which gives the same packets to both in turn, once for each round: what looks at flows is
// the daemon's, and nothing but its tests can reach it.
func measureFlows(ctx context.Context, s *setting, rows []result.Row) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkFlowsInTurn$", "-benchtime", strconv.Itoa(s.of(20, 4))+"x",
		"-count", strconv.Itoa(s.rounds), "github.com/vspan-io/vspan/cmd/vspan/daemon")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("benchmark flows: %w: %s", err, lastLine(string(out)))
	}
	alone, both := inTurn(string(out))
	if len(alone) == 0 {
		return errors.New("benchmark flows: it said nothing: " + lastLine(string(out)))
	}
	rows[0].Compare(both, alone)
	return nil
}

var inTurnLine = regexp.MustCompile(`(?m)^BenchmarkFlowsInTurn.*?\s([\d.]+) evidence-ns\s+([\d.]+) flows-ns`)

// inTurn are the figures of evidence alone and of both, of each round.
func inTurn(said string) (alone, both []float64) {
	for _, found := range inTurnLine.FindAllStringSubmatch(said, -1) {
		a, errA := strconv.ParseFloat(found[1], 64)
		b, errB := strconv.ParseFloat(found[2], 64)
		if errA == nil && errB == nil {
			alone, both = append(alone, a), append(both, b)
		}
	}
	return alone, both
}
