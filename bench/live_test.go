package main

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"testing"
	"time"

	"github.com/vspan-io/vspan/bench/cpu"
	"github.com/vspan-io/vspan/bench/network"
)

// openField makes the namespaces, or skips the test.
func openField(t *testing.T, sent load) *field {
	t.Helper()
	f, err := newField(sent)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, exec.ErrNotFound) {
		t.Skipf("no network to measure on: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// Every contender hears every packet, and the clocks move.
func TestContenders(t *testing.T) {
	const packets, rate = 3000, 20_000
	f := openField(t, mixed)
	s := &setting{path: "live"}
	for _, c := range []struct {
		contender contender
		listens   bool
	}{{s.ours(), true}, {tcpdump(4096), true}, {nobody, false}} {
		t.Run(c.contender.name, func(t *testing.T) {
			x, err := f.try(t.Context(), c.contender, packets, rate)
			if errors.Is(err, exec.ErrNotFound) {
				t.Skipf("a tool is missing: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if x.sent.Packets != packets || x.sent.CPU <= 0 || x.sent.Took < packets*time.Second/rate*9/10 {
				t.Errorf("sent %+v", x.sent)
			}
			if c.listens && (x.heard.Packets < packets || x.lost() != 0 || x.receiver <= 0) {
				t.Errorf("heard %+v in %v of CPU", x.heard, x.receiver)
			}
			if !c.listens && (x.receiver != 0 || x.heard.Packets != 0) {
				t.Errorf("heard %+v in %v of CPU", x.heard, x.receiver)
			}
		})
	}
}

// Side by side each hears its own packets alone, those that no clock ran for left out.
func TestSideBySide(t *testing.T) {
	const packets, rate, rounds = 3000, 20_000, 2
	openField(t, mixed) // or the test is skipped
	s := &setting{path: "live"}
	turns, err := sideBySide(t.Context(), mixed, rounds, packets, rate, s.ours(), s.inKernel(), nobody)
	if errors.Is(err, fs.ErrPermission) {
		t.Skipf("no network to measure on: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, trials := range turns {
		if n := len(trials.total()); len(trials) != rounds || n != rounds*stretches {
			t.Fatalf("%d trials of contender %d, %d figures", len(trials), i, n)
		}
		for _, x := range trials {
			if x.sent.Packets != packets || x.sent.CPU <= 0 {
				t.Errorf("sent %+v to contender %d", x.sent, i)
			}
			if len(x.stretches) != stretches || x.stretches[1].sent.Packets != packets/stretches {
				t.Errorf("in stretches %+v to contender %d", x.stretches, i)
			}
			if i < 2 && (x.heard.Packets != packets || x.lost() != 0) {
				t.Errorf("contender %d heard %+v", i, x.heard)
			}
		}
	}
}

// With flows on all packets are looked at, and all conversations are there.
func TestLooking(t *testing.T) {
	f := openField(t, conversations)
	x, err := f.try(t.Context(), (&setting{path: "live"}).looking(true), 3000, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	sent := uint64(x.sent.Packets + 2*conversations.spec.Packets) // what it was shown, too
	if l := x.heard.Looked; x.lost() != 0 || l.Packets+l.Missed != sent || l.Conversations < 10_000 {
		t.Errorf("lost %d; looked at %+v, want %d packets", x.lost(), l, sent)
	}
}

// What XDP drops no packet socket sees.
func TestDroppingDrops(t *testing.T) {
	f := openField(t, mixed)
	d, err := dropping.start(t.Context(), f.link)
	if errors.Is(err, fs.ErrPermission) {
		t.Skipf("no network to measure on: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	ours := (&setting{path: "ring"}).ours()
	ours.learns = false // what it is shown would be dropped, too
	x, err := f.try(t.Context(), ours, 640, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	if x.heard.Packets != 0 {
		t.Errorf("%d of %d packets came through", x.heard.Packets, x.sent.Packets)
	}
	if _, err := d.stop(); err != nil {
		t.Fatal(err)
	}
	if x, err = f.try(t.Context(), ours, 640, 20_000); err != nil || x.heard.Packets != 640 {
		t.Errorf("%+v came through after it was detached: %v", x.heard, err)
	}
}

// An interrupted trial ends its receiver.
func TestTrialIsInterrupted(t *testing.T) {
	f := openField(t, mixed)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ours, receiver := (&setting{path: "live"}).ours(), 0
	watched := contender{"watched", func(ctx context.Context, link *network.Link) (listener, error) {
		l, err := ours.start(ctx, link)
		if err == nil {
			receiver = l.pid()
			time.AfterFunc(500*time.Millisecond, cancel)
		}
		return l, err
	}, false}
	if _, err := f.try(ctx, watched, 1_000_000, 10_000); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if _, err := cpu.Of(receiver); receiver == 0 || err == nil {
		t.Errorf("its receiver, process %d, goes on: %v", receiver, err)
	}
}
