package etcd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/vspan-io/vspan/mirror/filelock"
)

// lockFile holds the process id of the daemon that uses the directory. The lock is the kernel's and ends with the process; the file
// stays.
const lockFile = "lock"

// lockDir takes a data directory for this process. It does not wait: a database that is in use would be waited for without end.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if err = filelock.Take(f); err == nil {
		err = sign(f)
	} else if errors.Is(err, filelock.ErrInUse) {
		err = fmt.Errorf("data directory %s is in use by %s: end it first, or choose another directory", dir, holder(f))
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	return f, nil
}

// sign writes who holds the lock; a full disk is no reason not to start, so what cannot be written is left out.
func sign(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	if errors.Is(err, errNoSpace) {
		return nil
	}
	return err
}

func holder(f *os.File) string {
	b, err := io.ReadAll(io.LimitReader(f, 20))
	pid := strings.TrimSpace(string(b))
	if err != nil || pid == "" {
		return "another process"
	}
	return "process " + pid
}
