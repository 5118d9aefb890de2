package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/vspan-io/vspan/bench/network"
	"github.com/vspan-io/vspan/bench/traffic"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/kernelcount"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/mirror/receive/xdp"
)

// liveTraffic is what is sent over a link: few enough packets for the sender to have them in its cache, so that what it costs to send
// is not much of what is compared.
var liveTraffic = traffic.Spec{Packets: 2048}

// shortCopy is how many bytes the daemon copies of each packet while nobody captures.
const shortCopy = 256

// paths are the ways to receive that -path chooses from.
var paths = []string{"live", "ring", "raw", pathXDP}

// pathXDP is the ring behind counting in the kernel.
const pathXDP = "xdp"

// newSource receives as the daemon does unless it is told otherwise: short copies, and nothing goes on to the IP stack.
func newSource(path string, collector netip.Addr) receive.Source {
	options := receive.LiveOptions{Interface: network.Interface, SnapLen: shortCopy, DropFor: []netip.Addr{collector}}
	switch path {
	case "ring", pathXDP:
		return receive.NewRing(options)
	case "raw":
		return receive.NewRaw(options)
	}
	return receive.NewLive(options)
}

// state is what a listening child says of itself whenever it is asked.
type state struct {
	Kind     receive.Kind     `json:"kind"`
	Reason   string           `json:"reason"` // why it is not a better kind
	Counters receive.Counters `json:"counters"`
	Totals   evidence.Totals  `json:"totals"`

	Goroutines int `json:"goroutines"`
	Resident   int `json:"resident"` // bytes
	FDs        int `json:"fds"`
}

// childListen receives with the evidence that the daemon makes of it: the table is renewed and the ledger looked at every second, as
// the daemon's judging does. For each line of in it answers with its state; at the end of in it ends. Its argument is the path.
func childListen(ctx context.Context, arguments []string, in io.Reader, out io.Writer) error {
	if len(arguments) != 1 {
		return errors.New("want the path")
	}
	t, err := traffic.New(liveTraffic)
	if err != nil {
		return err
	}
	expectations := expected(t)
	books := newBookkeeper(expectations)
	source := newSource(arguments[0], t.Collector())
	if err := source.Open(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ran, watched := make(chan error, 1), make(chan struct{})
	go func() {
		ran <- source.Run(ctx, func(int) receive.Handler { return books })
		cancel()
	}()
	go func() { defer close(watched); watch(ctx, books, expectations) }()
	counted, err := countInKernel(ctx, arguments[0], books)
	if err != nil {
		cancel()
		return errors.Join(err, <-ran)
	}
	answers := answer(in, out, func() state { return stateOf(source, books.ledger) })
	cancel()
	<-watched
	return errors.Join(<-ran, <-counted, answers)
}

// countInKernel has the kernel count, if that is the path, as the daemon does.
func countInKernel(ctx context.Context, path string, books *bookkeeper) (done chan error, err error) {
	done = make(chan error, 1)
	if path != pathXDP {
		done <- nil
		return done, nil
	}
	counter := xdp.New(xdp.Options{Interface: network.Interface})
	if err := counter.Open(); err != nil {
		return nil, err
	}
	counting := kernelcount.New(counter, books.ledger, books.table, func() capture.Demand { return capture.Demand{} })
	go func() { done <- counting.Run(ctx) }()
	return done, nil
}

// watch does once a second what the daemon's judging does with the ledger.
func watch(ctx context.Context, books *bookkeeper, expectations []evidence.Expectation) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			books.table.Store(books.table.Load().Renew(expectations))
			books.ledger.View()
		}
	}
}

// answer writes the state once it is ready, and for each line that it reads.
func answer(in io.Reader, out io.Writer, now func() state) error {
	lines, to := bufio.NewScanner(in), json.NewEncoder(out)
	for {
		if err := to.Encode(now()); err != nil {
			return err
		}
		if !lines.Scan() {
			return lines.Err()
		}
	}
}

func stateOf(source receive.Source, ledger *evidence.Ledger) state {
	d := source.Describe()
	s := state{Kind: d.Kind, Reason: d.Reason, Counters: source.Counters(), Totals: ledger.View().Totals, Goroutines: runtime.NumGoroutine()}
	s.Resident, _ = resident()
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		s.FDs = len(fds) - 1 // without the one that reads the folder
	}
	return s
}

// resident is how much memory of this process is in RAM, in bytes.
func resident() (int, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("resident memory: %w", err)
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, fmt.Errorf("resident memory: /proc/self/statm says %q", text)
	}
	pages, err := strconv.Atoi(fields[1])
	return pages * os.Getpagesize(), err
}
