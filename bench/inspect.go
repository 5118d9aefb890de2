package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/vspan-io/vspan/bench/result"
)

func inspectRows(s *setting) []result.Row {
	work := fmt.Sprintf("vspan inspect --summary of a capture file of %d packets, the whole process", s.of(200_000, 20_000))
	rows := []result.Row{
		{Name: "inspect/tcpdump", Work: work, Rival: "tcpdump -r FILE -n", Unit: "s CPU"},
		{Name: "inspect/tshark", Work: work, Rival: "tshark -r FILE", Unit: "s CPU"},
	}
	rows[0].AtMost(0.1, result.RatioFigure)
	rows[1].AtMost(0.01, result.RatioFigure)
	return rows
}

// reader is a command that reads a capture file.
type reader struct {
	program   string
	arguments []string // the file comes after them
}

func measureInspect(ctx context.Context, s *setting, rows []result.Row) error {
	vspan, err := s.binary(ctx)
	if err != nil {
		return err
	}
	file, err := s.capture(s.of(200_000, 20_000))
	if err != nil {
		return err
	}
	small, err := s.capture(countedPackets)
	if err != nil {
		return err
	}
	ours := reader{vspan, []string{"inspect", "--summary"}}
	// As root tcpdump would become another user, who may not read the file; -Z keeps it from that.
	tcpdump := reader{"tcpdump", []string{"-Z", "root", "-n", "-r"}}
	if syscall.Getuid() != 0 {
		tcpdump.arguments = tcpdump.arguments[2:]
	}
	tshark := reader{"tshark", []string{"-r"}}
	for i, c := range []struct {
		rival  reader
		rounds int
	}{{tcpdump, s.rounds}, {tshark, min(s.rounds, 3)}} {
		s.note("against %s", c.rival.program)
		if err := compareReaders(ctx, &rows[i], ours, c.rival, file, c.rounds); err != nil {
			rows[i].NotMeasured = err.Error()
			continue
		}
		rows[i].Instructions = s.count(fmt.Sprintf("a whole process, %d packets", countedPackets), ours.count(ctx, small), c.rival.count(ctx, small))
	}
	return ctx.Err()
}

// countedPackets are those of the file that instructions are counted for: under valgrind all takes fifty times as long.
const countedPackets = 20_000

func compareReaders(ctx context.Context, row *result.Row, ours, rival reader, file string, rounds int) error {
	var o, r []float64
	for range rounds {
		mine, err := ours.run(ctx, file)
		if err != nil {
			return err
		}
		theirs, err := rival.run(ctx, file)
		if err != nil {
			return err
		}
		o, r = append(o, mine.Seconds()), append(r, theirs.Seconds())
	}
	row.Compare(o, r)
	return nil
}

// run reads the file, with the output thrown away, and returns the CPU time that took, user and system, as wait4(2) says.
func (r reader) run(ctx context.Context, file string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, r.program, append(slices.Clone(r.arguments), file)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", r.program, err, lastLine(said.String()))
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

func (r reader) count(ctx context.Context, file string) func() (float64, error) {
	return func() (float64, error) {
		program, err := exec.LookPath(r.program)
		if err != nil {
			return 0, err
		}
		return instructionsOf(ctx, program, append(slices.Clone(r.arguments), file)...)
	}
}
