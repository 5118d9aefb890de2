package etcd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vspan-io/vspan/mirror/store"
)

// disk watches the space that a data directory has left. Where others fill the disk, etcd would die in the middle of a write; the
// ballast, a file of nothing, is given up then, so that what is torn down can still be written.
type disk struct {
	dir     string
	reserve int64 // bytes that must be free for what is new
}

// ahead is how much of the disk the database is given before it needs it, so that a disk that is full from one moment to the next
// does not meet it in the middle of a write. The log does so itself, a segment at a time.
const ahead = 32 << 20

// hold gives the database its blocks ahead. It says nothing of a disk without space or a file system that cannot: tend and full are
// for that.
func (d disk) hold(database string) error {
	f, err := os.OpenFile(database, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing was written
	err = reserve(f, ahead)
	if errors.Is(err, errNoSpace) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

const (
	ballastFile = "ballast"
	ballastSize = 32 << 20
)

// free is how many bytes are left to an ordinary user.
func (d disk) free() (int64, error) {
	free, err := freeOf(d.dir)
	if err != nil {
		return 0, fmt.Errorf("ask for the free space of %s: %w", d.dir, err)
	}
	return free, nil
}

// full says that there is no space for what is new, or returns nil.
func (d disk) full() error {
	free, err := d.free()
	if err != nil {
		return err
	}
	if free < d.reserve {
		return fmt.Errorf("%w: the disk of %s has %d MiB left of the %d that must be free: make room on it; until then sessions can only be "+
			"deleted", store.ErrFull, d.dir, free>>20, d.reserve>>20)
	}
	return nil
}

// tend gives the ballast up when space is short and takes it again when there is plenty.
func (d disk) tend() error {
	free, err := d.free()
	if err != nil {
		return err
	}
	name := filepath.Join(d.dir, ballastFile)
	switch _, err := os.Stat(name); {
	case free < d.reserve/2 && err == nil:
		return os.Remove(name)
	case free > d.reserve+2*ballastSize && errors.Is(err, fs.ErrNotExist):
		return d.takeBallast(name)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return nil
}

func (d disk) takeBallast(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(allocate(f, ballastSize), f.Close())
	if errors.Is(err, errors.ErrUnsupported) {
		return nil // an empty ballast helps nothing and harms nothing
	}
	if err != nil {
		err = errors.Join(fmt.Errorf("set space aside: %w", err), os.Remove(name))
	}
	return err
}
