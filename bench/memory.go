package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/vspan-io/vspan/bench/result"
)

func memoryRows(s *setting) []result.Row {
	rows := []result.Row{{
		Name: "memory", Unit: "MB", Rival: "itself after the first tenth",
		Work: fmt.Sprintf("resident memory after %d packets of random sources and ids and %d first fragments", s.floodPairs(), s.floodFragments()),
	}}
	rows[0].AtMost(1.05, result.RatioFigure)
	return rows
}

func (s *setting) floodPairs() int     { return s.of(10_000_000, 500_000) }
func (s *setting) floodFragments() int { return s.of(1_000_000, 50_000) }

func measureMemory(ctx context.Context, s *setting, rows []result.Row) error {
	self, err := s.self()
	if err != nil {
		return err
	}
	var said strings.Builder
	cmd := exec.CommandContext(ctx, self, childArgument, "flood", strconv.Itoa(s.floodPairs()), strconv.Itoa(s.floodFragments()))
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("taking the flood in: %w: %s", err, lastLine(said.String()))
	}
	var found flooded
	if err := json.Unmarshal(out, &found); err != nil {
		return fmt.Errorf("taking the flood in: %w", err)
	}
	if len(found.Resident) < samples {
		return fmt.Errorf("taking the flood in: %d samples of memory, want %d", len(found.Resident), samples)
	}
	const megabyte, tenth = 1e6, samples / 10
	// The most there was, in the first tenth and in the last one: what a collector of garbage leaves goes up and down.
	first, last := slices.Max(found.Resident[:tenth])/megabyte, slices.Max(found.Resident[samples-tenth:])/megabyte
	rows[0].Compare([]float64{last}, []float64{first})
	rows[0].Keep("resident, bytes", found.Resident)
	rows[0].Note(fmt.Sprintf("at most %.1f MB meanwhile; %d entries were evicted from tables, %.1f MB of fragments waited at most",
		slices.Max(found.Resident)/megabyte, found.Evicted, float64(found.Pending)/megabyte))
	return nil
}
