package main

import (
	"context"
	"fmt"

	"github.com/vspan-io/vspan/bench/result"
)

// buffer is that of our ring, in KiB; the rival gets the same.
const buffer = 32 << 10

func liveRows(s *setting) []result.Row {
	work := fmt.Sprintf("receive %.0f packets/s over veth with full evidence (path: %s)", s.rate, s.path)
	rival := tcpdump(buffer).name
	rows := []result.Row{
		{Name: "live/receiver", Work: work + ", CPU of the receiving process", Rival: rival, Unit: "ns CPU"},
		{Name: "live/total", Work: work + ", CPU of sender, softirq and receiver", Rival: rival, Unit: "ns CPU"},
	}
	rows[0].AtMost(1.2, result.RatioFigure)
	rows[1].AtMost(0.7, result.RatioFigure)
	return rows
}

func measureLive(ctx context.Context, s *setting, rows []result.Row) error {
	turns, err := sideBySide(ctx, mixed, s.rounds, s.livePackets(), s.rate, s.ours(), tcpdump(buffer), nobody)
	if err != nil {
		return err
	}
	ours, rival, floor := turns[0], turns[1], turns[2]
	rows[0].Note("both were shown the whole set before the clocks ran: it is what a packet costs that is like others before it")
	rows[0].Compare(ours.receiver(), rival.receiver())
	rows[1].Compare(ours.total(), rival.total())
	for i := range rows {
		mark(&rows[i], ours, rival)
	}
	rows[1].Keep("nobody listens", floor.total())
	rows[1].Note(fmt.Sprintf("with nobody listening it is %.0f ns: what sending costs, and the IP stack behind", result.Median(floor.total())))
	rows[1].Keep("nobody listens, whole machine", floor.machine())
	rows[1].Note(fmt.Sprintf("by /proc/stat the whole machine, with all that is none of this, spent %.0f ns with ours, %.0f with the rival, %.0f with nobody",
		result.Median(ours.machine()), result.Median(rival.machine()), result.Median(floor.machine())))
	return nil
}

// livePackets are sent in each trial: a second's worth in each stretch.
func (s *setting) livePackets() int { return int(s.rate * float64(s.of(stretches*100, 50)) / 100) }

// mark says how both received, what they lost, and whether the sender kept the rate.
func mark(row *result.Row, ours, rival series) {
	row.Keep("ours lost", ours.lost())
	row.Keep("rival lost", rival.lost())
	row.Keep("ours packets/s", ours.rate())
	row.Keep("rival packets/s", rival.rate())
	row.Keep("ours, whole machine", ours.machine())
	row.Keep("rival, whole machine", rival.machine())
	row.Note(fmt.Sprintf("lost of %d packets in each round: ours %v, the rival %v; received by %s", ours[0].sent.Packets, ours.lost(), rival.lost(), ours[0].heard.How))
	for _, c := range []struct {
		who    string
		trials series
	}{{"ours", ours}, {"the rival", rival}} {
		if sum(c.trials.lost()) > 0 {
			row.Fail("packets were lost by " + c.who + ": it did less than the whole work, so that the two are not comparable")
		}
	}
}

func sum(figures []float64) (s float64) {
	for _, f := range figures {
		s += f
	}
	return s
}
