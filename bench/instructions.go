package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/vspan-io/vspan/bench/result"
)

// steady makes a Go program do the same each time: valgrind does not bear being interrupted by Go's signals, and one thread that
// collects no garbage leaves nothing to chance.
var steady = []string{"GODEBUG=asyncpreemptoff=1", "GOMAXPROCS=1", "GOGC=off"}

// instructionsOf runs a program under valgrind and returns how many instructions it took, in user space.
func instructionsOf(ctx context.Context, program string, arguments ...string) (float64, error) {
	cmd := exec.CommandContext(ctx, "valgrind", append([]string{"--tool=callgrind", "--callgrind-out-file=/dev/null", program}, arguments...)...)
	cmd.Env = append(os.Environ(), steady...)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("valgrind %s: %w: %s", program, err, lastLine(said.String()))
	}
	return collected(said.String())
}

var collectedLine = regexp.MustCompile(`(?m)^==\d+== Collected : (\d+)`)

// collected is the sum that callgrind says at its end.
func collected(said string) (float64, error) {
	found := collectedLine.FindStringSubmatch(said)
	if found == nil {
		return 0, fmt.Errorf("valgrind did not say how many instructions there were: %s", lastLine(said))
	}
	return strconv.ParseFloat(found[1], 64)
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// count is Instructions of two counts, or the reason why there are none.
func (s *setting) count(unit string, ours, rival func() (float64, error)) *result.Instructions {
	switch {
	case !s.instructions:
		return nil
	case s.quick:
		return &result.Instructions{NotMeasured: "not in the short form"}
	}
	s.note("counting instructions")
	o, err := ours()
	if err != nil {
		return &result.Instructions{NotMeasured: err.Error()}
	}
	r, err := rival()
	if err != nil {
		return &result.Instructions{NotMeasured: err.Error()}
	}
	return result.NewInstructions(o, r, unit)
}

// decoderCount counts what a decoder needs for a packet, once.
func (s *setting) decoderCount(ctx context.Context, decoder string) func() (float64, error) {
	return sync.OnceValues(func() (float64, error) { return s.instructionsOfDecoder(ctx, decoder) })
}

// instructionsOfDecoder is the difference of two runs, so that what a program does to start is no part of it.
func (s *setting) instructionsOfDecoder(ctx context.Context, decoder string) (float64, error) {
	const few, many = 1, 6
	self, err := s.self()
	if err != nil {
		return 0, err
	}
	var counts []float64
	for _, times := range []int{few, many} {
		n, err := instructionsOf(ctx, self, childArgument, "decode", decoder, strconv.Itoa(hotPackets), strconv.Itoa(times))
		if err != nil {
			return 0, err
		}
		counts = append(counts, n)
	}
	return (counts[1] - counts[0]) / ((many - few) * hotPackets), nil
}
