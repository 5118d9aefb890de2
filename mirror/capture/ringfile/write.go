package ringfile

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// write writes what is pending. It reports whether it could; if not, it stays pending.
func (r *ring) write(now time.Time) bool {
	r.flushed = now
	if len(r.pending) == 0 {
		return true
	}
	if err := r.put(now); err != nil {
		r.stop(now, err)
		return false
	}
	r.mu.Lock()
	r.shown.File = r.name + unfinished
	r.shown.Frames += r.frames
	r.shown.Bytes += uint64(len(r.pending))
	r.mu.Unlock()
	r.size += int64(len(r.pending))
	r.pending, r.frames = r.pending[:0], 0
	r.goOn()
	return true
}

// put writes what is pending behind what is there, whole, or leaves the file as it was.
func (r *ring) put(now time.Time) error {
	if r.file == nil {
		if err := r.folder.sweep(now); err != nil {
			return err
		}
		file, err := r.folder.create(r.name)
		if err != nil {
			return err
		}
		r.file, r.size = file, 0
	}
	if err := r.spare(); err != nil {
		return err
	}
	n, err := r.file.WriteAt(r.pending, r.size)
	if err == nil && n < len(r.pending) {
		err = io.ErrShortWrite
	}
	if err == nil {
		return nil
	}
	if cut := r.file.Truncate(r.size); cut != nil {
		err = errors.Join(err, cut, r.folder.leave(r.file, r.name))
		r.giveUp()
	}
	return err
}

// errReserve says that writing on would take what is to be left free.
var errReserve = errors.New("the disk is nearly full")

func (r *ring) spare() error {
	if r.limits.Reserve < 0 {
		return nil
	}
	free, err := freeAt(r.file)
	if err == nil && free-int64(len(r.pending)) < r.limits.Reserve {
		err = fmt.Errorf("%w: %d bytes are free, and %d are to be left free", errReserve, free, r.limits.Reserve)
	}
	return err
}

// rotate completes the file. It reports whether what was pending could be written; if not, the file goes on later.
func (r *ring) rotate(now time.Time) bool {
	if !r.ended {
		r.pending = r.recording.End(r.pending, now, 0)
		r.ended = true
	}
	if !r.write(now) {
		return false
	}
	r.complete()
	return true
}

// complete gives the file its name, beside the writing of the next one: that waits for the disk.
func (r *ring) complete() {
	r.finishing.Wait()
	file, name := r.file, r.name
	r.finishing.Go(func() {
		if err := r.folder.complete(file, name); err != nil {
			r.log.Error("completing a ring file", "file", name, "error", err)
		}
	})
	r.forget()
}

// forget begins anew, with the next frame.
func (r *ring) forget() {
	r.recording, r.file, r.size, r.ended = nil, nil, 0, false
	r.pending, r.frames = r.pending[:0], 0
	r.mu.Lock()
	r.shown.File = ""
	r.mu.Unlock()
}

// giveUp begins anew, without what is pending.
func (r *ring) giveUp() {
	r.mu.Lock()
	r.gone += r.frames
	r.mu.Unlock()
	r.forget()
}

// expire removes a file that could not be completed before its time was over, and what was to go into it.
func (r *ring) expire(now time.Time) {
	if r.recording == nil || now.Sub(r.began) < r.limits.MaxAge {
		return
	}
	r.discard()
	for ; r.take(); r.held = nil {
		r.frames++
	}
	r.giveUp()
}

// discard removes the file, if there is one.
func (r *ring) discard() {
	if r.file == nil {
		return
	}
	if err := r.folder.discard(r.file, r.name); err != nil {
		r.log.Error("deleting a ring file", "file", r.name, "error", err)
	}
}

// stop says why nothing is written, and when that is tried again.
func (r *ring) stop(now time.Time, err error) {
	r.pause = min(max(2*r.pause, pauseFirst), pauseLast)
	r.resume = now.Add(r.pause)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shown.Stopped == "" {
		r.log.Error("ring files are not written; it is tried again", "error", err)
	}
	r.shown.Stopped = err.Error()
}

// goOn says that something was written.
func (r *ring) goOn() {
	if r.pause == 0 {
		return
	}
	r.pause = 0
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown.Stopped = ""
	r.log.Info("ring files are written again")
}

// status is how the ring fares.
func (r *ring) status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.shown
	s.Name = r.Name
	s.Lost = r.gone + r.Frames.Counts().Lost
	return s
}
