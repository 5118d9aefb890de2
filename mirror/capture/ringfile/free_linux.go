package ringfile

import (
	"os"
	"syscall"
)

// freeAt returns how many bytes of a file's file system are free to this user.
func freeAt(f *os.File) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Fstatfs(int(f.Fd()), &s); err != nil {
		return 0, err
	}
	return int64(min(s.Bavail, 1<<62/uint64(max(s.Bsize, 1)))) * s.Bsize, nil
}
