package ringfile

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/capture/recording"
)

const (
	chunk      = 256 << 10   // bytes that are written at a time
	flushEvery = time.Second // and, however few there are, how often
	pauseFirst = time.Second // before writing is tried again, doubled
	pauseLast  = time.Minute // up to this
	// frameRoom is what a frame has around it at most, in bytes: its block, comments, and a new interface.
	frameRoom = 2048
	// faceRoom is what the statistics of an interface have at most, in bytes.
	faceRoom = 512
)

// ring writes one series of files. What is not under mu belongs to the goroutine of run.
type ring struct {
	Ring
	folder *folder
	limits Limits
	log    *slog.Logger

	recording *recording.Recording // nil between files
	began     time.Time            // when it did
	name      string               // of its file when it is complete
	file      *os.File             // nil until the first write
	size      int64                // of the file: whole blocks
	pending   []byte               // blocks to be written
	frames    uint64               // in pending
	ended     bool                 // pending ends the file
	held      *capture.Frame       // that found no room in pending
	flushed   time.Time
	pause     time.Duration // 0 while all is well
	resume    time.Time
	finishing sync.WaitGroup // the file before is being completed

	mu    sync.Mutex
	shown Status
	gone  uint64 // frames that were in pending and had to be given up
}

func (r *ring) run(ctx context.Context) {
	for ctx.Err() == nil {
		r.step(time.Now())
		r.rest(ctx, time.Now())
	}
	r.end(time.Now())
}

// rest waits for something to do. While nothing can be written it leaves the frames where they are: the buffer bounds and counts them.
func (r *ring) rest(ctx context.Context, now time.Time) {
	if r.pause > 0 && now.Before(r.resume) {
		r.sleep(ctx, r.resume.Sub(now))
		return
	}
	d := flushEvery
	if len(r.pending) > 0 {
		d = max(r.flushed.Add(flushEvery).Sub(now), 0)
	}
	if err := r.Frames.Wait(ctx, d); errors.Is(err, capture.ErrEnded) {
		r.sleep(ctx, flushEvery)
	}
}

func (r *ring) sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// step takes the frames that are there, and writes if it is time to.
func (r *ring) step(now time.Time) {
	if r.expire(now); r.pause > 0 && now.Before(r.resume) {
		return
	}
	if r.ended && !r.rotate(now) {
		return
	}
	for r.take() {
		if !r.fits(r.held) && !r.rotate(now) {
			return
		}
		r.add(now)
		if len(r.pending) >= chunk && !r.write(now) {
			return
		}
	}
	if now.Sub(r.flushed) >= flushEvery && !r.write(now) {
		return
	}
	if r.recording != nil && now.Sub(r.began) >= r.limits.FileAge {
		r.rotate(now)
	}
}

// take holds the next frame. It reports whether there is one.
func (r *ring) take() bool {
	if r.held == nil {
		r.held = r.Frames.Poll()
	}
	return r.held != nil
}

func (r *ring) fits(f *capture.Frame) bool {
	if r.recording == nil {
		return true
	}
	end := faceRoom * int64(r.recording.Interfaces()+1)
	return r.size+int64(len(r.pending)+len(f.Data)+len(f.Outer)+frameRoom)+end <= r.limits.FileSize
}

// add puts the frame that is held into what is to be written.
func (r *ring) add(now time.Time) {
	if r.recording == nil {
		r.recording, r.began, r.flushed = recording.New(r.Recording), now, now
		r.name = nameAt(r.Name, now)
		r.pending = r.recording.Begin(r.pending[:0], now)
	}
	r.pending = r.recording.Append(r.pending, r.held)
	r.frames++
	r.held = nil
}

// end writes what arrived before now, and completes the file.
func (r *ring) end(now time.Time) {
	for r.take() && r.held.Time <= now.UnixNano() {
		if !r.fits(r.held) && !r.rotate(now) {
			break
		}
		r.add(now)
	}
	if r.recording != nil && !r.rotate(now) {
		r.log.Error("frames were not written before the end", "frames", r.frames)
		if r.size > 0 {
			r.complete() // with what it has
		} else {
			r.discard()
			r.giveUp()
		}
	}
	r.finishing.Wait()
}
