package main

import (
	"context"
	"errors"
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

// measureXDP measures the rival alone: there is no counting in the kernel yet to compare it with.
func measureXDP(ctx context.Context, s *setting, rows []result.Row) (err error) {
	f, err := newField()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	rival := series{}
	for range s.rounds {
		t, err := f.try(ctx, dropping, s.livePackets(), s.rate)
		if err != nil {
			return err
		}
		rival = append(rival, t)
	}
	rows[0].Theirs = new(result.Median(rival.total()))
	rows[0].Keep("rival", rival.total())
	rows[0].NotMeasured = "vspan does not count in the kernel yet"
	return nil
}
