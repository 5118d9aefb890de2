package main

import (
	"context"
	"fmt"

	"github.com/vspan-io/vspan/bench/result"
	"github.com/vspan-io/vspan/bench/traffic"
)

// hotPackets fit the cache: their headers, and the ledger for them, take less than the 512 kB of second-level cache of a core that most
// machines have.
const hotPackets = 1000

// tries is how often in a round each decoder has its turn at what fits the cache. The fastest counts: what neighbours do to the cache only
// adds to it.
const tries = 10

const (
	parserName    = "gopacket DecodingLayerParser and a Go map"
	newPacketName = "gopacket NewPacket (NoCopy) and a Go map"
)

func decodeRows(s *setting) []result.Row {
	whole := s.of(200_000, 20_000)
	hot := fmt.Sprintf("decode, attribute and count %d ERSPAN II packets in memory, over and over", hotPackets)
	cold := fmt.Sprintf("decode, attribute and count %d ERSPAN II packets in memory", whole)
	rows := []result.Row{
		{Name: "decode/hot", Work: hot, Rival: parserName, Unit: "ns CPU"},
		{Name: "decode/hot-newpacket", Work: hot, Rival: newPacketName, Unit: "ns CPU"},
		{Name: "decode/cold", Work: cold, Rival: parserName, Unit: "ns CPU"},
		{Name: "decode/cold-newpacket", Work: cold, Rival: newPacketName, Unit: "ns CPU"},
		{Name: "decode/allocations", Work: "the same, ours", Unit: "a packet"},
	}
	rows[0].AtMost(0.25, result.RatioFigure)
	rows[1].AtMost(0.04, result.RatioFigure)
	rows[4].AtMost(0, result.OursFigure)
	return rows
}

func measureDecode(ctx context.Context, s *setting, rows []result.Row) error {
	hot, err := newReplay(traffic.Spec{Packets: hotPackets})
	if err != nil {
		return err
	}
	inHot, err := measureDecoders(ctx, s, hot, tries, s.of(100, 5))
	if err != nil {
		return err
	}
	cold, err := newReplay(traffic.Spec{Packets: s.of(200_000, 20_000)})
	if err != nil {
		return err
	}
	inCold, err := measureDecoders(ctx, s, cold, 1, 1)
	if err != nil {
		return err
	}
	rows[0].Compare(inHot.ours, inHot.parser)
	rows[1].Compare(inHot.ours, inHot.newPacket)
	rows[2].Compare(inCold.ours, inCold.parser)
	rows[3].Compare(inCold.ours, inCold.newPacket)
	rows[4].Compare(append(inHot.allocations, inCold.allocations...), nil)
	rows[0].Note(fmt.Sprintf("the set is %d kB, of which a decoder reads less than half", hot.bytes()/1000))
	rows[2].Note(fmt.Sprintf("the set is %d MB", cold.bytes()/1_000_000))
	ours := s.decoderCount(ctx, "ours")
	rows[0].Instructions = s.count("a packet", ours, s.decoderCount(ctx, "parser"))
	rows[1].Instructions = s.count("a packet", ours, s.decoderCount(ctx, "newPacket"))
	return nil
}

// decoded are the nanoseconds of CPU time a packet took, by round, and the allocations of ours.
type decoded struct{ ours, parser, newPacket, allocations []float64 }

// measureDecoders has each decoder go so many times over the set, by turns and in so many tries a round, of which the fastest counts.
func measureDecoders(ctx context.Context, s *setting, r replay, tries, times int) (d decoded, err error) {
	decoders := []func(context.Context, int) (clocked, error){r.ours, r.parser, r.newPacket}
	for range s.rounds {
		fastest := make([]clocked, len(decoders))
		allocations := uint64(0)
		for try := range tries {
			for i, decode := range decoders {
				c, err := decode(ctx, times)
				if err != nil {
					return d, err
				}
				if try == 0 || c.perPacket() < fastest[i].perPacket() {
					fastest[i] = c
				}
				if i == 0 {
					allocations = max(allocations, c.allocations)
				}
			}
		}
		d.ours = append(d.ours, fastest[0].perPacket())
		d.parser = append(d.parser, fastest[1].perPacket())
		d.newPacket = append(d.newPacket, fastest[2].perPacket())
		d.allocations = append(d.allocations, float64(allocations)/float64(fastest[0].packets))
	}
	return d, nil
}
