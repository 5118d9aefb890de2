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
	inHot, err := measureDecoders(ctx, s, hot, s.of(300, 20))
	if err != nil {
		return err
	}
	cold, err := newReplay(traffic.Spec{Packets: s.of(200_000, 20_000)})
	if err != nil {
		return err
	}
	inCold, err := measureDecoders(ctx, s, cold, 1)
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

func measureDecoders(ctx context.Context, s *setting, r replay, times int) (d decoded, err error) {
	for range s.rounds {
		ours, err := r.ours(ctx, times)
		if err != nil {
			return d, err
		}
		parser, err := r.parser(ctx, times)
		if err != nil {
			return d, err
		}
		newPacket, err := r.newPacket(ctx, times)
		if err != nil {
			return d, err
		}
		d.ours = append(d.ours, ours.perPacket())
		d.parser = append(d.parser, parser.perPacket())
		d.newPacket = append(d.newPacket, newPacket.perPacket())
		d.allocations = append(d.allocations, float64(ours.allocations)/float64(ours.packets))
	}
	return d, nil
}
