package filelock

import (
	"errors"
	"os"
	"testing"
)

// A lock is of an open file: whoever opens it again is somebody else, until the first has closed it.
func TestTake(t *testing.T) {
	dir := t.TempDir()
	open := func() *os.File {
		f, err := os.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	first, second := open(), open()
	for range 2 { // again is no error
		if err := Take(first); err != nil {
			t.Fatal(err)
		}
	}
	if err := Take(second); !errors.Is(err, ErrInUse) {
		t.Errorf("while another has it: %v", err)
	}
	_ = first.Close()
	if err := Take(second); err != nil {
		t.Errorf("after that: %v", err)
	}
	if err := Take(first); err == nil || errors.Is(err, ErrInUse) {
		t.Errorf("of what is closed: %v", err)
	}
}
