package main

import (
	"context"
	"fmt"

	"github.com/vspan-io/vspan/bench/result"
)

func xdpRows(s *setting) []result.Row {
	rows := []result.Row{{
		Name: "xdp/total", Work: fmt.Sprintf("count %.0f packets/s in the kernel, CPU of sender, softirq and receiver", s.rate),
		Rival: dropping.name, Unit: "ns CPU",
	}}
	rows[0].AtMost(1.15, result.RatioFigure)
	return rows
}

func measureXDP(ctx context.Context, s *setting, rows []result.Row) error {
	turns, err := sideBySide(ctx, mixed, s.rounds, s.livePackets(), s.rate, s.inKernel(), dropping)
	if err != nil {
		return err
	}
	ours, rival := turns[0], turns[1]
	rows[0].Compare(ours.total(), rival.total())
	rows[0].Keep("ours, the process alone", ours.receiver())
	rows[0].Note(fmt.Sprintf("%.0f ns of ours are those of the process that reads the counts", result.Median(ours.receiver())))
	rows[0].Note(fmt.Sprintf("lost of %d packets in each round: %v", s.livePackets(), ours.lost()))
	rows[0].Note("of ours the sender, the softirq and the process that reads the counts, after the kernel was shown the packets; the rival counts nothing")
	return nil
}
