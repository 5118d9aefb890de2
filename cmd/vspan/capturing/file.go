package capturing

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// File is a file that gets its name when it is complete, so that what was there under that name stays until then. What is there and is
// no regular file, e.g. a named pipe, is written to as it is.
type File struct {
	*os.File
	name   string
	direct bool
}

// Create makes a file that its owner alone may read, beside where it is to be.
func Create(name string) (*File, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, fmt.Errorf("write the capture: %w", err)
		}
		return &File{f, name, true}, nil
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".part-*") // 0600
	if err != nil {
		return nil, fmt.Errorf("write the capture: %w", err)
	}
	return &File{f, name, false}, nil
}

// Finish closes the file and gives it its name.
func (f *File) Finish() error {
	if err := f.Close(); err != nil {
		return errors.Join(fmt.Errorf("write the capture: %w", err), f.remove())
	}
	if f.direct {
		return nil
	}
	if err := os.Rename(f.File.Name(), f.name); err != nil {
		return errors.Join(fmt.Errorf("write the capture: %w", err), f.remove())
	}
	return nil
}

// Abandon closes the file and leaves nothing of it.
func (f *File) Abandon() error { return errors.Join(f.Close(), f.remove()) }

func (f *File) remove() error {
	if f.direct {
		return nil
	}
	return os.Remove(f.File.Name())
}
