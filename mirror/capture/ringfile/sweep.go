package ringfile

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// kept is one file of ours that nobody writes.
type kept struct {
	name  string
	began time.Time
	size  int64
}

// unlisted is how many files of a ring there may be that are not complete: one is being written, and the one before it completed.
const unlisted = 2

// sweep deletes what is too old and, the oldest first, what is too much. A file that begins in the future, because the clock was put
// back, counts as the newest.
func (f *folder) sweep(now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.open(); err != nil {
		return err
	}
	list, err := f.list()
	if err = f.unlessRemoved(err); err != nil {
		return err
	}
	total, files := f.limits.MaxTotal-unlisted*int64(f.rings)*f.limits.FileSize, f.limits.MaxFiles-unlisted*f.rings
	f.files, f.bytes = 0, 0
	for _, k := range slices.Backward(list) { // the newest first
		if now.Sub(k.began) < f.limits.MaxAge && f.bytes+k.size <= total && f.files < files {
			f.files++
			f.bytes += k.size
			continue
		}
		total = 0 // what is older goes too
		if removed := f.root.Remove(k.name); !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}
	return err
}

// list returns the files that nobody writes, the oldest first; f.mu is held.
func (f *folder) list() ([]kept, error) {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	var list []kept
	for _, e := range entries {
		began, _, ok := parseName(e.Name())
		if !ok || f.live[e.Name()] || !e.Type().IsRegular() {
			continue
		}
		info, statErr := e.Info()
		if errors.Is(statErr, fs.ErrNotExist) {
			continue
		}
		if statErr != nil {
			err = errors.Join(err, statErr)
			continue
		}
		list = append(list, kept{e.Name(), began, info.Size()})
	}
	slices.SortFunc(list, func(a, b kept) int {
		if c := a.began.Compare(b.began); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	return list, err
}
