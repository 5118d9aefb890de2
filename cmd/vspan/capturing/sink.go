package capturing

import (
	"bufio"
	"context"
	"io"
	"sync"
	"time"
)

// sink takes the parts of a capture file, and statistics of them between.
type sink struct {
	began int64 // ns since 1970

	mu    sync.Mutex
	w     *bufio.Writer
	faces []Interface // as far as their packets were written; nil: it is no pcapng file, or had its own statistics
	news  bool        // packets were written since they were told
}

func newSink(out io.Writer) *sink {
	return &sink{began: time.Now().UnixNano(), w: bufio.NewWriterSize(out, 64<<10)}
}

// part writes a part that s has just given.
func (k *sink) part(s *Scanner, p *Part) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.faces, k.news = append(k.faces[:0], s.Interfaces...), k.news || p.Packet
	if s.Statistics {
		k.faces = nil
	}
	return written(k.w.Write(p.Raw))
}

// Flush implements flusher.
func (k *sink) Flush() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.w.Flush()
}

// complete writes the end that s says is missing.
func (k *sink) complete(s *Scanner, why string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.news = false
	if err := written(k.w.Write(s.Complete(nil, k.began, time.Now().UnixNano(), why))); err != nil {
		return err
	}
	return written(0, k.w.Flush())
}

// tellEach writes the statistics so far, each interval in which packets came, until ctx ends; at the beginning more often, for those who
// leave soon.
func (k *sink) tellEach(ctx context.Context, interval time.Duration) {
	wait := interval / 16
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			if k.tell() != nil {
				return // whoever writes the next part hears of it too
			}
			wait = min(2*wait, interval)
			timer.Reset(wait)
		}
	}
}

func (k *sink) tell() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.news {
		return nil
	}
	k.news = false
	if _, err := k.w.Write(statistics(nil, k.faces, k.began, time.Now().UnixNano(), "so far")); err != nil {
		return err
	}
	return k.w.Flush()
}
