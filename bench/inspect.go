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
	work := fmt.Sprintf("vspan inspect --summary of a capture file of %d packets, the whole process of the client", s.of(200_000, 20_000))
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
	client, err := s.clientBinary(ctx)
	if err != nil {
		return err
	}
	vspan, err := s.wholeBinary(ctx)
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
	ours, whole := reader{client, []string{"inspect", "--summary"}}, reader{vspan, []string{"inspect", "--summary"}}
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
		if err := compareReaders(ctx, &rows[i], file, c.rounds, ours, c.rival, whole); err != nil {
			rows[i].NotMeasured = err.Error()
			continue
		}
		rows[i].Instructions = s.count(fmt.Sprintf("a whole process, %d packets", countedPackets), ours.count(ctx, small), c.rival.count(ctx, small))
	}
	return ctx.Err()
}

// countedPackets are those of the file that instructions are counted for: under valgrind all takes fifty times as long.
const countedPackets = 20_000

// readings is how often in a round each reads the file, by turns. The fastest counts, as in memory: a process that takes hundredths of a
// second is otherwise at the mercy of what else there is.
const readings = 3

// compareReaders has all three read the file in turn. The whole of vspan is beside the comparison: its start takes longer, for all that
// it has to be ready for.
func compareReaders(ctx context.Context, row *result.Row, file string, rounds int, ours, rival, whole reader) error {
	var o, r, w []float64
	for range rounds {
		var fastest [3]time.Duration
		for reading := range readings {
			for i, reader := range []reader{ours, rival, whole} {
				took, err := reader.run(ctx, file)
				if err != nil {
					return err
				}
				if reading == 0 || took < fastest[i] {
					fastest[i] = took
				}
			}
		}
		o, r, w = append(o, fastest[0].Seconds()), append(r, fastest[1].Seconds()), append(w, fastest[2].Seconds())
	}
	row.Compare(o, r)
	row.Keep("the whole of vspan", w)
	row.Note(fmt.Sprintf("the whole of vspan, which starts with all that a daemon needs, takes %.3f s CPU for it, %.3f × the rival", result.Median(w), result.Median(w)/result.Median(r)))
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
