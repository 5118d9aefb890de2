package ringfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/vspan-io/vspan/mirror/filelock"
)

// folder is the directory of the files, locked for this process. All methods may be called from any goroutine.
type folder struct {
	path   string
	limits Limits
	rings  int

	mu    sync.Mutex
	root  *os.Root // nil when it must be opened
	self  *os.File // the directory itself: it holds the lock
	live  map[string]bool
	files int   // complete ones, when they were counted last
	bytes int64 // of those
}

// errOthers says that a directory does not keep others out.
var errOthers = errors.New("others may use it: make it a directory of vspan alone (chmod 700)")

// errInUse says that another process writes into the directory.
var errInUse = errors.New("another process writes its files there: choose another directory")

// open opens, locks and repairs the directory if it is not open; f.mu is held.
func (f *folder) open() error {
	if f.root != nil {
		return nil
	}
	if err := os.Mkdir(f.path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	root, err := os.OpenRoot(f.path)
	if err != nil {
		return err
	}
	self, err := root.Open(".")
	if err != nil {
		return errors.Join(err, root.Close())
	}
	info, err := self.Stat()
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = fmt.Errorf("the directory %s: %w", f.path, errOthers)
	}
	if err == nil {
		err = filelock.Take(self)
	}
	if errors.Is(err, filelock.ErrInUse) {
		err = errInUse
	}
	if err != nil {
		return errors.Join(err, self.Close(), root.Close())
	}
	f.root, f.self = root, self
	return f.repair()
}

// create makes a file. It sees to it first that there is room for it within the limits.
func (f *folder) create(name string) (*os.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.open(); err != nil {
		return nil, err
	}
	file, err := f.root.OpenFile(name+unfinished, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err = f.unlessRemoved(err); err != nil {
		return nil, err
	}
	f.live[name+unfinished] = true
	return file, nil
}

// unlessRemoved returns err. If it says that the directory is no more, the next try makes it anew; f.mu is held.
func (f *folder) unlessRemoved(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, f.close())
	}
	return err
}

// complete gives a file its name. What it holds is on the disk before that.
func (f *folder) complete(file *os.File, name string) error {
	err := errors.Join(file.Sync(), file.Close())
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.live, name+unfinished)
	if f.root == nil {
		return err
	}
	return errors.Join(err, f.root.Rename(name+unfinished, name))
}

// leave closes a file that could be neither written nor cut back: it keeps the name of an unfinished one until it can be repaired.
func (f *folder) leave(file *os.File, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.live, name+unfinished)
	return file.Close()
}

// discard removes a file that is being written.
func (f *folder) discard(file *os.File, name string) error {
	err := file.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.live, name+unfinished)
	if f.root == nil {
		return err
	}
	return errors.Join(err, f.root.Remove(name+unfinished))
}

// shut closes the directory.
func (f *folder) shut() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.close()
}

// close does that; f.mu is held.
func (f *folder) close() error {
	if f.root == nil {
		return nil
	}
	err := errors.Join(f.self.Close(), f.root.Close())
	f.root, f.self = nil, nil
	return err
}
