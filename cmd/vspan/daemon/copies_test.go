package daemon

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/receive"
)

// slowCutter takes a while to copy another length.
type slowCutter struct {
	receive.Source
	n atomic.Int64
}

func (s *slowCutter) SetSnapLen(n int) error {
	time.Sleep(20 * time.Millisecond) // so that who does not wait is too early
	s.n.Store(int64(n))
	return nil
}

// Who captures has nothing of what was copied in part, before the source was told.
func TestAwaitCopies(t *testing.T) {
	source := &slowCutter{Source: receive.NewPair(receive.PairOptions{})}
	r := newReception(Receiver{Off: true, SnapLen: 256}, nil, slog.New(slog.DiscardHandler))
	r.source = source
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.meet(ctx) }()
	for range 3 {
		before := time.Now().UnixNano()
		s := r.broker.Subscribe(capture.Want{All: true})
		since := r.awaitCopies()
		if n := source.n.Load(); n != 0 || since < before {
			t.Errorf("%d bytes are copied, since %d, asked at %d", n, since, before)
		}
		s.Close()
		if r.awaitCopies(); source.n.Load() != 256 {
			t.Errorf("%d bytes are copied while nobody captures", source.n.Load())
		}
	}
	cancel()
	<-ended
	r.snapLen = 0
	if since := r.awaitCopies(); since != 0 {
		t.Errorf("whole packets are copied, and not since %d", since)
	}
}
