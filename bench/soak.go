package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vspan-io/vspan/bench/network"
	"github.com/vspan-io/vspan/bench/result"
)

func soakRows(s *setting) []result.Row {
	work := fmt.Sprintf("receive for %v at half the highest rate (path: %s): ", s.soak, s.path)
	rows := []result.Row{
		{Name: "soak/loss", Work: work + "packets lost", Unit: "packets"},
		{Name: "soak/memory", Work: work + "resident memory at the end", Rival: "itself after a minute, or a tenth of the time", Unit: "MB"},
		{Name: "soak/goroutines", Work: work + "goroutines at the end", Rival: "itself after a minute, or a tenth of the time", Unit: ""},
		{Name: "soak/files", Work: work + "open file descriptors at the end", Rival: "itself after a minute, or a tenth of the time", Unit: ""},
	}
	rows[0].AtMost(0, result.OursFigure)
	rows[1].AtMost(1.05, result.RatioFigure)
	rows[2].AtMost(1, result.RatioFigure)
	rows[3].AtMost(1, result.RatioFigure)
	return rows
}

func measureSoak(ctx context.Context, s *setting, rows []result.Row) (err error) {
	f, err := newField(mixed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	if s.highest == 0 {
		if _, err := s.search(ctx, f, tcpdump(largeBuffer)); err != nil {
			return err
		}
	}
	rate := s.highest / 2
	found, err := s.soakOne(ctx, f, rate)
	if err != nil {
		return err
	}
	first, last := found.states[0], found.states[len(found.states)-1]
	rows[0].Compare([]float64{found.lost}, nil)
	rows[0].Note(fmt.Sprintf("%d packets at %.0f packets/s, received by %s", found.packets, rate, last.Kind))
	rows[1].Compare([]float64{float64(last.Resident) / 1e6}, []float64{float64(first.Resident) / 1e6})
	rows[2].Compare([]float64{float64(last.Goroutines)}, []float64{float64(first.Goroutines)})
	rows[3].Compare([]float64{float64(last.FDs)}, []float64{float64(first.FDs)})
	for _, state := range found.states {
		rows[1].Raw["resident, bytes"] = append(rows[1].Raw["resident, bytes"], float64(state.Resident))
		rows[2].Raw["goroutines"] = append(rows[2].Raw["goroutines"], float64(state.Goroutines))
		rows[3].Raw["file descriptors"] = append(rows[3].Raw["file descriptors"], float64(state.FDs))
	}
	return nil
}

// soaked is what a soak found.
type soaked struct {
	packets int
	lost    float64
	states  []state // after each minute; the last at the end
}

// soakOne sends minute after minute, and asks our receiver for its state after each.
func (s *setting) soakOne(ctx context.Context, f *field, rate float64) (found soaked, err error) {
	ours, err := startOurs(ctx, s, f.link, listening{s.path, mixed, false})
	if err != nil {
		return found, err
	}
	end, stretch := time.Now().Add(s.soak), min(time.Minute, s.soak/10)
	for err == nil && time.Now().Before(end) {
		var sent network.Sent
		sent, err = f.sender.Send(ctx, int(rate*stretch.Seconds()), rate)
		found.packets += sent.Packets
		if err != nil {
			break
		}
		time.Sleep(draining)
		var now state
		if now, err = ours.ask(); err == nil {
			found.states = append(found.states, now)
			s.note("soak: %d sent, %d confirmed, %d MB, %d goroutines, %d file descriptors",
				found.packets, now.Totals.Confirmed, now.Resident/1_000_000, now.Goroutines, now.FDs)
		}
	}
	heard, stopped := ours.stop()
	if err := errors.Join(err, stopped); err != nil {
		return found, fmt.Errorf("soak: %w", err)
	}
	found.lost = float64(max(heard.Dropped, found.packets-heard.Packets))
	return found, nil
}
