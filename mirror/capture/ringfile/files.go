package ringfile

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Files writes rings of files.
type Files struct {
	options Options
	folder  *folder
	rings   []*ring
}

// New checks the options. It touches nothing.
func New(o Options) (*Files, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("ring files: %w", err)
	}
	o.Limits = o.Limits.complete()
	f := &Files{options: o, folder: &folder{path: o.Directory, limits: o.Limits, rings: len(o.Rings), live: make(map[string]bool)}}
	for _, r := range o.Rings {
		f.rings = append(f.rings, &ring{Ring: r, folder: f.folder, limits: o.Limits, log: o.Log.With("files", r.Name)})
	}
	return f, nil
}

// sweepEvery is how long a file may be there beyond its time.
const sweepEvery = 10 * time.Second

// Run writes until ctx ends, and completes what it has begun. A disk that does not take the files is no error of Run's: see Status.
func (f *Files) Run(ctx context.Context) error {
	var writers sync.WaitGroup
	for _, r := range f.rings {
		writers.Go(func() { r.run(ctx) })
	}
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := f.folder.sweep(time.Now()); err != nil {
			f.options.Log.Error("deleting old ring files", "directory", f.options.Directory, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	writers.Wait()
	return f.folder.shut()
}

// Status is how one ring fares.
type Status struct {
	Name   string
	File   string // that is being written; "" when none is
	Frames uint64 // written since the process began
	Bytes  uint64 // written
	Lost   uint64 // frames that were to be written and were not
	// Stopped says why nothing is written; "" when nothing hinders it.
	Stopped string
}

// Status returns how each ring fares, in the order of the options. It may be called from any goroutine.
func (f *Files) Status() []Status {
	list := make([]Status, len(f.rings))
	for i, r := range f.rings {
		list[i] = r.status()
	}
	return list
}

// Kept returns how many complete files there are and how many bytes they have, as they were counted last.
func (f *Files) Kept() (files int, bytes int64) {
	f.folder.mu.Lock()
	defer f.folder.mu.Unlock()
	return f.folder.files, f.folder.bytes
}
