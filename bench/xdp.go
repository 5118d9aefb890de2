package main

import (
	"context"
	"fmt"

	"github.com/vspan-io/vspan/bench/result"
)

// faster is by how much more packets come than in the live rows. To count in the kernel is for rates at which the ring costs much. What the
// process that reads the counts does takes milliseconds of each second, however many packets came: the fewer they are, the more it is of
// what each costs.
const faster = 4

func xdpRows(s *setting) []result.Row {
	rows := []result.Row{xdpRow("xdp/total", faster*s.rate), xdpRow("xdp/slow", s.rate)}
	rows[0].AtMost(1.15, result.RatioFigure)
	return rows
}

func xdpRow(name string, rate float64) result.Row {
	return result.Row{
		Name: name, Work: fmt.Sprintf("count %.0f packets/s in the kernel, CPU of sender, softirq and receiver", rate),
		Rival: dropping.name, Unit: "ns CPU",
	}
}

func measureXDP(ctx context.Context, s *setting, rows []result.Row) error {
	if err := countSideBySide(ctx, s, &rows[0], faster); err != nil {
		return err
	}
	return countSideBySide(ctx, s, &rows[1], 1)
}

// countSideBySide counts so many times the packets of a live row, in the same time.
func countSideBySide(ctx context.Context, s *setting, row *result.Row, times int) error {
	packets, rate := times*s.livePackets(), float64(times)*s.rate
	turns, err := sideBySide(ctx, mixed, s.rounds, packets, rate, s.inKernel(), dropping)
	if err != nil {
		return err
	}
	ours, rival := turns[0], turns[1]
	row.Compare(ours.total(), rival.total())
	row.Keep("ours, the process alone", ours.receiver())
	row.Keep("ours packets/s", ours.rate())
	alone := result.Median(ours.receiver())
	row.Note(fmt.Sprintf("%.0f ns of ours are those of the process that reads the counts, %.1f ms a second", alone, alone*rate/1e6))
	row.Note(fmt.Sprintf("lost of %d packets in each round: %v, sent at %.0f packets/s", packets, ours.lost(), result.Median(ours.rate())))
	row.Note("of ours the sender, the softirq and the process that reads the counts, after the kernel was shown the packets; the rival counts nothing")
	row.Keep("ours lost", ours.lost())
	if sum(ours.lost()) > 0 {
		row.Fail("packets were lost by ours: it did less than the whole work")
	}
	return nil
}
