package main

import (
	"context"

	"github.com/vspan-io/vspan/bench/result"
	"github.com/vspan-io/vspan/bench/traffic"
	"github.com/vspan-io/vspan/mirror/evidence"
)

// A large table and a small one.
const (
	manySessions  = 1000
	fewSessions   = 10
	sourcesOfEach = 64
)

func sessionsRows(*setting) []result.Row {
	rows := []result.Row{
		{
			Name: "sessions/all", Unit: "ns CPU", Rival: "ours with 10 sessions × 64 sources, and traffic of all those",
			Work: "1,000 sessions × 64 sources in the table, traffic of all of them in random order",
		},
		{
			Name: "sessions/same-traffic", Unit: "ns CPU", Rival: "ours with 10 sessions × 64 sources, and the same traffic",
			Work: "1,000 sessions × 64 sources in the table, traffic of 10 sessions",
		},
	}
	for i := range rows {
		rows[i].AtMost(1.5, result.RatioFigure)
	}
	return rows
}

func measureSessions(ctx context.Context, s *setting, rows []result.Row) error {
	// The same number of packets, far more than a cache holds, so that reading them costs the same. It takes several for each of the
	// 64,000 sources: what is counted for the first time is not what this is about.
	packets := s.of(400_000, 40_000)
	many, err := newReplay(traffic.Spec{Packets: packets, Sessions: manySessions, Sources: sourcesOfEach})
	if err != nil {
		return err
	}
	few, err := newReplay(traffic.Spec{Packets: packets, Sessions: fewSessions, Sources: sourcesOfEach})
	if err != nil {
		return err
	}
	// The first sources of the large table are those of the small one, so that its sessions are replaced by the small one's.
	fewInMany := replay{few.packets, append(append([]evidence.Expectation(nil), few.expected...), many.expected[fewSessions:]...)}
	var inMany, inFew, sameTraffic []float64
	for range s.rounds {
		for _, c := range []struct {
			replay  replay
			figures *[]float64
		}{{many, &inMany}, {few, &inFew}, {fewInMany, &sameTraffic}} {
			t, err := c.replay.ours(ctx, 1)
			if err != nil {
				return err
			}
			*c.figures = append(*c.figures, t.perPacket())
		}
	}
	rows[0].Compare(inMany, inFew)
	rows[1].Compare(sameTraffic, inFew)
	return nil
}
