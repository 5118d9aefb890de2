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
	"sync"
	"time"

	"github.com/vspan-io/vspan/bench/network"
	"github.com/vspan-io/vspan/bench/traffic"
	"github.com/vspan-io/vspan/mirror/beat"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/kernelcount"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/mirror/receive/xdp"
)

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

// listening is how a child receives.
type listening struct {
	path    string
	load    load
	looking bool // at the conversations of all sessions
}

// arguments are those that readListening reads.
func (l listening) arguments() []string {
	return []string{l.path, l.load.name, strconv.FormatBool(l.looking)}
}

func readListening(arguments []string) (l listening, err error) {
	if len(arguments) != 3 {
		return l, errors.New("want the path, the load, and whether to look at flows")
	}
	l.path = arguments[0]
	if l.load, err = loadOf(arguments[1]); err != nil {
		return l, err
	}
	l.looking, err = strconv.ParseBool(arguments[2])
	return l, err
}

// state is what a listening child says of itself whenever it is asked.
type state struct {
	Kind     receive.Kind     `json:"kind"`
	Reason   string           `json:"reason"` // why it is not a better kind
	Counters receive.Counters `json:"counters"`
	Totals   evidence.Totals  `json:"totals"`
	Looked   looked           `json:"looked"`

	Goroutines int `json:"goroutines"`
	Resident   int `json:"resident"` // bytes
	FDs        int `json:"fds"`
}

// childListen receives with the evidence that the daemon makes of it: the table is renewed and the ledger looked at every second, as
// the daemon's judging does. For each line of in it answers with its state; at the end of in it ends. Its arguments are a listening.
func childListen(ctx context.Context, arguments []string, in io.Reader, out io.Writer) error {
	as, err := readListening(arguments)
	if err != nil {
		return err
	}
	t, err := traffic.New(as.load.spec)
	if err != nil {
		return err
	}
	expectations := expected(t)
	books := newBookkeeper(expectations)
	source := newSource(as.path, t.Collector())
	if err := source.Open(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	look := newLook(books, as.looking, expectations, func() uint64 { return source.Counters().KernelDrops })
	ran := make(chan error, 1)
	var beside sync.WaitGroup
	go func() {
		ran <- source.Run(ctx, func(int) receive.Handler { return books })
		cancel()
	}()
	beside.Go(func() { watch(ctx, books, expectations) })
	beside.Go(func() { look.run(ctx) })
	counted, err := countInKernel(ctx, as.path, books)
	if err != nil {
		cancel()
		return errors.Join(err, <-ran)
	}
	runtime.GC() // the first one brings memory in that stays: no packet's
	answers := answer(in, out, func() state { return stateOf(source, books.ledger, look) })
	cancel()
	beside.Wait()
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
	timer := time.NewTimer(beat.Until(time.Now(), time.Second))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			timer.Reset(beat.Until(time.Now(), time.Second))
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

func stateOf(source receive.Source, ledger *evidence.Ledger, look *look) state {
	d := source.Describe()
	s := state{Kind: d.Kind, Reason: d.Reason, Counters: source.Counters(), Totals: ledger.View().Totals, Looked: look.looked(), Goroutines: runtime.NumGoroutine()}
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
