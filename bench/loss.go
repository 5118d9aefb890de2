package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/vspan-io/vspan/bench/result"
)

// largeBuffer is the one that the issue gives to tcpdump, in KiB.
const largeBuffer = 64 << 10

func lossRows(s *setting) []result.Row {
	rows := []result.Row{{
		Name: "loss", Rival: tcpdump(largeBuffer).name, Unit: "packets",
		Work: "packets lost at the highest rate at which the rival loses none (path: " + s.path + ")",
	}}
	rows[0].AtMost(0, result.OursFigure)
	return rows
}

func measureLoss(ctx context.Context, s *setting, rows []result.Row) (err error) {
	f, err := newField(mixed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	found, err := s.search(ctx, f, tcpdump(largeBuffer))
	if err != nil {
		return err
	}
	row := &rows[0]
	row.Note(found.String())
	row.Keep("searched packets/s", found.steps.rate())
	row.Keep("searched lost", found.steps.lost())
	turns, err := f.inTurn(ctx, s.of(3, 1), int(found.rate*s.searchSeconds()), found.rate, s.ours(), tcpdump(largeBuffer))
	if err != nil {
		return err
	}
	ours, rival := turns[0], turns[1]
	row.Compare([]float64{sum(ours.lost())}, []float64{sum(rival.lost())})
	row.Keep("ours lost by round", ours.lost())
	row.Keep("rival lost by round", rival.lost())
	row.Keep("ours packets/s", ours.rate())
	row.Keep("rival packets/s", rival.rate())
	row.Note(fmt.Sprintf("then %d packets in each of %d rounds, sent at %.0f packets/s to ours and %.0f to the rival", ours[0].sent.Packets,
		len(ours), result.Median(ours.rate()), result.Median(rival.rate())))
	return nil
}
