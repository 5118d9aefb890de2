package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/vspan-io/vspan/bench/network"
	"github.com/vspan-io/vspan/netns"
)

// contender is what receives at the end of a link.
type contender struct {
	name   string
	start  func(context.Context, *network.Link) (listener, error)
	learns bool // it has to see packets before it does its best: it is shown some before the clocks run
}

// listener is a contender that receives.
type listener interface {
	// pid is of its process; 0 when it has none.
	pid() int
	// stop ends it and says what it received.
	stop() (heard, error)
}

// heard is what a listener received.
type heard struct {
	Packets int
	Dropped int    // by the kernel, for the listener was too slow
	Looked  looked // by flows
	How     string // that it received; empty where there is nothing to say
}

// nobody listens: what is left is what sending costs, and a kernel that nobody asked to look.
var nobody = contender{"nobody", func(context.Context, *network.Link) (listener, error) { return silence{}, nil }, false}

type silence struct{}

func (silence) pid() int             { return 0 }
func (silence) stop() (heard, error) { return heard{}, nil }

// ours is the receiver of vspan in a process of its own.
func (s *setting) ours() contender {
	return contender{"vspan", func(ctx context.Context, l *network.Link) (listener, error) {
		return startOurs(ctx, s, l, listening{s.path, mixed, false})
	}, true}
}

// inKernel is the same with counting in the kernel.
func (s *setting) inKernel() contender {
	return contender{"vspan, in the kernel", func(ctx context.Context, l *network.Link) (listener, error) {
		return startOurs(ctx, s, l, listening{pathXDP, mixed, false})
	}, true}
}

// looking receives conversations, and looks at them or not.
func (s *setting) looking(looks bool) contender {
	name := map[bool]string{true: "vspan, with flows", false: "vspan, evidence alone"}[looks]
	return contender{name, func(ctx context.Context, l *network.Link) (listener, error) {
		return startOurs(ctx, s, l, listening{s.path, conversations, looks})
	}, true}
}

// own is our receiver.
type own struct {
	process *netns.Process
	in      io.WriteCloser
	out     *json.Decoder
	said    *strings.Builder // until the process has ended it is not to be read
}

func startOurs(ctx context.Context, s *setting, l *network.Link, as listening) (*own, error) {
	self, err := s.self()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{childArgument, "listen"}, as.arguments()...)...)
	o := &own{said: new(strings.Builder)}
	cmd.Stderr = o.said
	if o.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	o.out = json.NewDecoder(out)
	if o.process, err = l.Receiver.Start(cmd); err != nil {
		return nil, fmt.Errorf("start our receiver: %w", err)
	}
	if _, err := o.read(); err != nil {
		return nil, fmt.Errorf("%w: %s", errors.Join(err, o.in.Close(), o.process.Wait()), lastLine(o.said.String()))
	}
	return o, nil
}

func (o *own) pid() int { return o.process.PID }

// ask asks for the state.
func (o *own) ask() (state, error) {
	if _, err := io.WriteString(o.in, "\n"); err != nil {
		return state{}, fmt.Errorf("ask our receiver: %w", err)
	}
	return o.read()
}

func (o *own) read() (s state, err error) {
	if err := o.out.Decode(&s); err != nil {
		return s, fmt.Errorf("read what our receiver says: %w", err)
	}
	return s, nil
}

func (o *own) stop() (heard, error) {
	s, err := o.ask()
	if err := errors.Join(err, o.in.Close(), o.process.Wait()); err != nil {
		return heard{}, fmt.Errorf("%w: %s", err, lastLine(o.said.String()))
	}
	how := string(s.Kind)
	if s.Reason != "" {
		how += " (" + s.Reason + ")"
	}
	// What it counts is what it confirmed: a packet that it did not recognise is lost to the evidence.
	return heard{Packets: int(s.Totals.Confirmed), Dropped: int(s.Counters.KernelDrops), Looked: s.Looked, How: how}, nil
}

// tcpdump writes what it receives to /dev/null; its buffer is so many KiB.
func tcpdump(buffer int) contender {
	return contender{fmt.Sprintf("tcpdump -B %d -w /dev/null", buffer), func(ctx context.Context, l *network.Link) (listener, error) {
		return startDump(ctx, l, buffer)
	}, true}
}

// dump is a tcpdump.
type dump struct {
	process *netns.Process
	end     func() error
	rest    chan string // what it said after it was ready
}

func startDump(ctx context.Context, l *network.Link, buffer int) (*dump, error) {
	program, err := exec.LookPath("tcpdump")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "-Z", "root", "-B", strconv.Itoa(buffer), "-w", os.DevNull, "-i", network.Interface)
	said, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = write
	d := &dump{rest: make(chan string, 1), end: func() error { return cmd.Process.Signal(syscall.SIGINT) }}
	d.process, err = l.Receiver.Start(cmd)
	_ = write.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start tcpdump: %w", err), said.Close())
	}
	lines := bufio.NewScanner(said)
	var before []string
	for lines.Scan() {
		if before = append(before, lines.Text()); strings.Contains(lines.Text(), "listening on") {
			go d.listen(lines, said)
			return d, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("tcpdump: %s", strings.Join(before, ": ")), d.process.Wait(), said.Close())
}

func (d *dump) listen(lines *bufio.Scanner, said io.Closer) {
	var rest strings.Builder
	for lines.Scan() {
		rest.WriteString(lines.Text() + "\n")
	}
	_ = said.Close()
	d.rest <- rest.String()
}

func (d *dump) pid() int { return d.process.PID }

func (d *dump) stop() (heard, error) {
	err := errors.Join(d.end(), d.process.Wait())
	rest := <-d.rest
	if err != nil {
		return heard{}, fmt.Errorf("tcpdump: %w: %s", err, rest)
	}
	return parseDump(rest)
}

var dumpCounts = regexp.MustCompile(`(?s)(\d+) packets? captured.*?(\d+) packets? dropped by kernel`)

// parseDump reads what tcpdump says at its end.
func parseDump(said string) (heard, error) {
	found := dumpCounts.FindStringSubmatch(said)
	if found == nil {
		return heard{}, fmt.Errorf("tcpdump did not say what it captured: %q", said)
	}
	captured, err := strconv.Atoi(found[1])
	if err != nil {
		return heard{}, err
	}
	dropped, err := strconv.Atoi(found[2])
	return heard{Packets: captured, Dropped: dropped}, err
}

// dropping is an XDP program that drops all: it receives nothing, and counts nothing.
var dropping = contender{"an empty XDP_DROP program", func(_ context.Context, l *network.Link) (listener, error) {
	d, err := l.NewDrop()
	if err != nil {
		return nil, err
	}
	return dropped{d}, nil
}, false}

type dropped struct{ drop *network.Drop }

func (dropped) pid() int               { return 0 }
func (d dropped) stop() (heard, error) { return heard{}, d.drop.Close() }
