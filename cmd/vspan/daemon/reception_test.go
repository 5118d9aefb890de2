package daemon

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/receive"
)

var errNoDevice = errors.New("no such device")

// brokenSource opens and runs as its fields say.
type brokenSource struct {
	openErr, runErr error
	drops           uint64
}

func (s *brokenSource) Open() error  { return s.openErr }
func (s *brokenSource) Close() error { return nil }
func (s *brokenSource) Run(ctx context.Context, _ func(int) receive.Handler) error {
	if s.runErr != nil {
		return s.runErr
	}
	<-ctx.Done()
	return nil
}
func (s *brokenSource) Counters() receive.Counters { return receive.Counters{KernelDrops: s.drops} }
func (s *brokenSource) Describe() receive.Description {
	return receive.Description{Kind: receive.KindRing}
}

// quietness is a silence that remembers what was asked of it.
type quietness struct {
	open   bool
	closed int
}

func (q *quietness) Open() error { q.open = true; return nil }
func (q *quietness) Close() error {
	q.open = false
	q.closed++
	return nil
}

// A source that ends and is all there is counts its drops once, however often it is tried again.
func TestReceptionOfTheOneSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		only := &brokenSource{runErr: errors.New("it ended"), drops: 3}
		r := newReception(Receiver{Source: only}, nil, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.run(ctx) }()
		time.Sleep(10 * retryReception) // the bubble's time: nobody waits
		synctest.Wait()                 // for the try that is made at this moment, too
		if h := r.health(); h.Up || h.Dropped != 3 {
			t.Errorf("got %+v, want it down with 3 drops", h)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ended with %v", err)
		}
	})
}

// A receiver that cannot be opened, and then one that breaks, are replaced; their drops are not forgotten, because a verdict that
// forgot them would call packets lost that we dropped ourselves.
func TestReceptionGoesOnAfterBrokenSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sources := []receive.Source{
			&brokenSource{openErr: errNoDevice},
			&brokenSource{runErr: errors.New("the interface went away"), drops: 3},
			&brokenSource{drops: 4},
		}
		r := newReception(Receiver{}, []netip.Addr{netip.MustParseAddr("192.0.2.1")}, slog.New(slog.DiscardHandler))
		quiet := &quietness{}
		r.silence = quiet
		r.open = func() receive.Source {
			if !quiet.open {
				t.Error("the host is not silent while a source is opened")
			}
			next := sources[0]
			sources = sources[1:]
			return next
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.run(ctx) }()

		synctest.Wait()
		if h := r.health(); h.Up || !strings.Contains(h.Reason, "no such device") {
			t.Errorf("after a failed open: %+v", h)
		}
		time.Sleep(retryReception) // the bubble's time: nobody waits
		synctest.Wait()
		if h := r.health(); h.Up || !strings.Contains(h.Reason, "went away") || h.Dropped != 3 {
			t.Errorf("after the source broke: %+v", h)
		}
		time.Sleep(retryReception) // the bubble's time: nobody waits
		synctest.Wait()
		if h := r.health(); !h.Up || h.Dropped != 7 {
			t.Errorf("after the third opened: %+v, want it up with 7 drops", h)
		}
		if shown := r.describe()[0]; shown.Kind != "ring" || !shown.Up || shown.KernelDropped != 7 {
			t.Errorf("shown as %+v", shown)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ended with %v", err)
		}
		if quiet.open || quiet.closed != 1 {
			t.Errorf("silence was ended %d times, want once and at the end", quiet.closed)
		}
	})
}

func TestReceptionOff(t *testing.T) {
	r := newReception(Receiver{Off: true}, nil, slog.New(slog.DiscardHandler))
	if err := r.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h := r.health(); h.Up || h.Reason != "the receiver is switched off" {
		t.Errorf("got %+v", h)
	}
}

// cuttable is a source that remembers what it was told to copy.
type cuttable struct {
	brokenSource
	snapLen int
}

func (s *cuttable) SetSnapLen(n int) error { s.snapLen = n; return nil }

// Packets are copied short while nobody wants them whole, also by a source that takes the place of another.
func TestWholeWhileSomebodyWantsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &cuttable{snapLen: -1, brokenSource: brokenSource{runErr: errors.New("it ended")}}, &cuttable{snapLen: -1}
		sources := []receive.Source{first, second}
		r := newReception(Receiver{SnapLen: 256}, nil, slog.New(slog.DiscardHandler))
		r.silence = nil
		r.open = func() receive.Source {
			next := sources[0]
			sources = sources[1:]
			return next
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- r.run(ctx) }()
		synctest.Wait()
		if first.snapLen != 256 {
			t.Errorf("nobody captures: %d", first.snapLen)
		}
		one, other := r.broker.Subscribe(capture.Want{All: true}), r.broker.Subscribe(capture.Want{All: true, SnapLength: 600})
		synctest.Wait()
		if first.snapLen != 0 {
			t.Errorf("two capture: %d", first.snapLen)
		}
		time.Sleep(retryReception) // the bubble's time: nobody waits
		synctest.Wait()
		if second.snapLen != 0 {
			t.Errorf("of the next source: %d", second.snapLen)
		}
		one.Close()
		synctest.Wait()
		if second.snapLen != 600+around {
			t.Errorf("one captures 600 bytes of each frame: %d", second.snapLen)
		}
		other.Close()
		synctest.Wait()
		if second.snapLen != 256 {
			t.Errorf("nobody captures any more: %d", second.snapLen)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestReceiverRefused(t *testing.T) {
	for _, r := range []Receiver{{Workers: -1}, {Workers: 65}, {SnapLen: 100}, {SnapLen: -1}, {SnapLen: 1 << 17}} {
		if err := (Config{Receiver: r}).checkReceiver(); err == nil {
			t.Errorf("accepted: %+v", r)
		}
	}
	for _, r := range []Receiver{{}, {Workers: 64, SnapLen: 192}, {SnapLen: 1 << 16}} {
		if err := (Config{Receiver: r}).checkReceiver(); err != nil {
			t.Error(err)
		}
	}
}
