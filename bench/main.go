// Command bench measures what receiving mirrors costs, side by side with what others need for the same work, and says of each limit
// whether it holds. It is not part of vspan.
//
// The live rows need root: they make two network namespaces of their own, which end with the command. Rows that cannot be measured
// are shown with the reason.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/vspan-io/vspan/bench/result"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 1 && os.Args[1] == childArgument {
		os.Exit(exit(child(ctx, os.Args[2:], os.Stdin, os.Stdout)))
	}
	os.Exit(exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr)))
}

// errBroken is returned where a limit is broken.
var errBroken = errors.New("a limit does not hold")

func exit(err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errBroken):
		return 1
	}
	fmt.Fprintf(os.Stderr, "bench: %v\n", err)
	return 2
}

// run measures what the arguments ask for, prints the table to out and writes the report.
func run(ctx context.Context, arguments []string, out, log io.Writer) (err error) {
	s, err := readSetting(arguments, log)
	if err != nil {
		return err
	}
	if s.folder, err = os.MkdirTemp("", "vspan-bench-"); err != nil {
		return fmt.Errorf("make a folder for capture files: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.folder)) }()
	report := result.Report{Began: time.Now().UTC(), Short: s.quick, Machine: result.ReadMachine(ctx)}
	report.Rows = measure(ctx, s, chosen(s))
	report.Took = time.Since(report.Began).Round(time.Second).String()
	if err := errors.Join(report.Print(out), report.WriteFile(s.output)); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case !report.Holds():
		return errBroken
	}
	return nil
}

// bench is one comparison, of one or more rows.
type bench struct {
	name string
	once bool // it is not of CPU time, and takes long
	// rows are what is to be measured, with its limits.
	rows func(*setting) []result.Row
	// measure fills the rows in. What it has not when it returns was not measured because of the error.
	measure func(ctx context.Context, s *setting, rows []result.Row) error
}

// benches are all there are, in the order of the table.
func benches() []bench {
	return []bench{
		{"decode", false, decodeRows, measureDecode},
		{"inspect", false, inspectRows, measureInspect},
		{"live", false, liveRows, measureLive},
		{"xdp", false, xdpRows, measureXDP},
		{"loss", true, lossRows, measureLoss},
		{"memory", true, memoryRows, measureMemory},
		{"sessions", false, sessionsRows, measureSessions},
		{"flows", false, flowsRows, measureFlows},
		{"soak", true, soakRows, measureSoak},
	}
}

// chosen are the benches that the setting asks for.
func chosen(s *setting) (list []bench) {
	for _, b := range benches() {
		if s.only == b.name || s.only == "" && b.name != "soak" || b.name == "soak" && s.soak > 0 {
			list = append(list, b)
		}
	}
	return list
}

func names() string {
	var list []string
	for _, b := range benches() {
		list = append(list, b.name)
	}
	return strings.Join(list, ", ")
}

// measure measures the benches by turns, each so often as the setting says. What else a machine does goes on for minutes, and would be in all
// of one bench's figures if they were taken one after the other.
func measure(ctx context.Context, s *setting, list []bench) (rows []result.Row) {
	first := make(map[string]int) // row of a bench
	for turn := range s.turns {
		for _, b := range list {
			if turn > 0 && b.once {
				continue
			}
			fmt.Fprintf(s.log, "bench: %s, %d of %d ...\n", b.name, turn+1, b.turns(s))
			taken := b.run(ctx, s)
			if turn == 0 {
				first[b.name] = len(rows)
				rows = append(rows, taken...)
				continue
			}
			for i := range taken {
				rows[first[b.name]+i].Join(&taken[i])
			}
		}
		s.instructions = false // they are the same each time
	}
	return rows
}

func (b bench) turns(s *setting) int {
	if b.once {
		return 1
	}
	return s.turns
}

func (b bench) run(ctx context.Context, s *setting) []result.Row {
	rows := b.rows(s)
	err := ctx.Err()
	if err == nil {
		err = b.measure(ctx, s, rows)
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	for i := range rows {
		if row := &rows[i]; row.Ours == nil && row.NotMeasured == "" {
			row.NotMeasured = "no figure was taken"
			if err != nil {
				row.NotMeasured = err.Error()
			}
		}
	}
	return rows
}
