package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/vspan-io/vspan/bench/traffic"
)

// setting is what a run was asked for.
type setting struct {
	only         string
	quick        bool
	output       string
	turns        int
	rounds       int
	instructions bool
	whole        string        // the binary of vspan; empty: build it
	client       string        // that of its client; empty: build it
	path         string        // by which our receiver receives
	rate         float64       // packets a second of the live rows
	soak         time.Duration // 0: no soak

	folder  string // for files, removed at the end
	log     io.Writer
	highest float64 // the rate that the loss row found, packets a second; 0: not yet
}

func readSetting(arguments []string, log io.Writer) (*setting, error) {
	s := &setting{log: log}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	flags.StringVar(&s.only, "only", "", "measure only `NAME`: "+names())
	flags.BoolVar(&s.quick, "quick", false, "a short form: few packets and rounds")
	flags.StringVar(&s.output, "o", "bench.json", "write the report to `FILE`")
	flags.IntVar(&s.turns, "turns", 0, "how often all of it is measured, in `TURNS` (default 3, 1 in the short form)")
	flags.IntVar(&s.rounds, "rounds", 0, "`ROUNDS` of ours and the rival in each of them (default 3, 2 in the short form)")
	flags.BoolVar(&s.instructions, "instructions", true, "count instructions too, by valgrind; not in the short form")
	flags.StringVar(&s.client, "client", "", "the `BINARY` of vspan's client (default: built by go)")
	flags.StringVar(&s.whole, "vspan", "", "the `BINARY` of the whole of vspan (default: built by go)")
	flags.StringVar(&s.path, "path", "live", "how ours receives live: live (as the daemon chooses), ring or raw")
	flags.Float64Var(&s.rate, "rate", 100_000, "packets a second of the live rows")
	flags.DurationVar(&s.soak, "soak", 0, "also receive for so `LONG` at half the highest rate without loss, e.g. 15m")
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	return s, s.check(flags.Args())
}

func (s *setting) check(rest []string) error {
	if s.turns == 0 {
		s.turns = s.of(3, 1)
	}
	if s.rounds == 0 {
		s.rounds = s.of(3, 2)
	}
	known := slices.ContainsFunc(benches(), func(b bench) bool { return b.name == s.only })
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case s.only != "" && !known:
		return fmt.Errorf("-only %s: there are %s", s.only, names())
	case s.only == "soak" && s.soak <= 0:
		return errors.New("-only soak: say how long with -soak, e.g. -soak 15m")
	case s.turns < 1:
		return fmt.Errorf("-turns %d: at least one", s.turns)
	case s.rounds < 1:
		return fmt.Errorf("-rounds %d: at least one", s.rounds)
	case s.rate <= 0:
		return fmt.Errorf("-rate %v: packets a second", s.rate)
	case !slices.Contains(paths, s.path):
		return fmt.Errorf("-path %s: there are %v", s.path, paths)
	}
	return nil
}

// of chooses between the full form and the short one.
func (s *setting) of(full, short int) int {
	if s.quick {
		return short
	}
	return full
}

// note tells of the progress.
func (s *setting) note(format string, arguments ...any) {
	fmt.Fprintf(s.log, "bench:   "+format+"\n", arguments...)
}

// self is the path of this program, to start children of.
func (s *setting) self() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	return path, nil
}

// clientBinary is the path of vspan's client, which is built unless it was given.
func (s *setting) clientBinary(ctx context.Context) (string, error) {
	return s.build(ctx, &s.client, "vspan-client", "-tags", "client")
}

// wholeBinary is the path of the whole of vspan, which is built unless it was given.
func (s *setting) wholeBinary(ctx context.Context) (string, error) {
	return s.build(ctx, &s.whole, "vspan")
}

// build builds vspan, unless path says already where it is.
func (s *setting) build(ctx context.Context, path *string, name string, flags ...string) (string, error) {
	if *path != "" {
		return *path, nil
	}
	to := filepath.Join(s.folder, name)
	arguments := append([]string{"build", "-trimpath", "-o", to}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(arguments, "github.com/vspan-io/vspan/cmd/vspan")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s (or give one with -vspan and -client): %w: %s", name, err, lastLine(string(out)))
	}
	*path = to
	return to, nil
}

// capture writes a pcap file of ERSPAN II packets and returns its path.
func (s *setting) capture(packets int) (string, error) {
	path := filepath.Join(s.folder, fmt.Sprintf("erspan2-%d.pcap", packets))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	made, err := traffic.New(traffic.Spec{Packets: packets})
	if err != nil {
		return "", err
	}
	return path, made.WriteFile(path)
}
