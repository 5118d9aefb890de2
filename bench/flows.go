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

func flowsRows(s *setting) []result.Row {
	const work = "evidence and flows of 64 sessions with 10,000 TCP conversations, "
	rows := []result.Row{
		{Name: "flows/live", Unit: "ns CPU", Rival: "the same packets and evidence alone",
			Work: work + fmt.Sprintf("%.0f packets/s over veth, CPU of the receiving process (path: %s)", s.rate, s.path)},
		{Name: "flows/memory", Unit: "ns CPU", Rival: "the same packets and evidence alone, in turn with it",
			Work: work + "the daemon's own path without its sockets, and with the packets in the cache"},
	}
	rows[0].AtMost(2.5, result.RatioFigure)
	rows[1].Note("shown, not judged: no receiver has its packets in the cache, and what is left of evidence then is the smaller part of what a packet costs it")
	return rows
}

// measureFlows measures each by itself: the first needs root, and the second Go.
func measureFlows(ctx context.Context, s *setting, rows []result.Row) error {
	for i, measure := range []func(context.Context, *setting, *result.Row) error{measureFlowsLive, measureFlowsInMemory} {
		if err := measure(ctx, s, &rows[i]); err != nil {
			rows[i].NotMeasured = err.Error()
		}
	}
	return nil
}

// measureFlowsLive has the receiver look at the conversations, and not, in turn.
func measureFlowsLive(ctx context.Context, s *setting, row *result.Row) error {
	turns, err := sideBySide(ctx, conversations, s.rounds, s.livePackets(), s.rate, s.looking(true), s.looking(false))
	if err != nil {
		return err
	}
	both, alone := turns[0], turns[1]
	row.Compare(both.receiver(), alone.receiver())
	mark(row, both, alone)
	last := both[len(both)-1].heard.Looked
	row.Note(fmt.Sprintf("%d conversations", last.Conversations))
	if missed := sum(both.each(func(t trial) float64 { return float64(t.heard.Looked.Missed) })); missed > 0 {
		row.Fail(fmt.Sprintf("flows missed %.0f packets", missed))
	}
	return nil
}

// measureFlowsInMemory runs the daemon's own benchmark, which gives the same packets to both in turn, once for each round: it is the whole
// of what a worker hands its packets to, and nothing but the daemon's tests can reach that.
func measureFlowsInMemory(ctx context.Context, s *setting, row *result.Row) error {
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
	row.Compare(both, alone)
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
