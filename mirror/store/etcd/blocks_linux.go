package etcd

import (
	"os"

	"golang.org/x/sys/unix"
)

// errNoSpace is what a full disk says.
const errNoSpace = unix.ENOSPC

// reserve gives a file blocks for so many bytes behind its end, unless it has half of them already. Its size stays.
func reserve(f *os.File, bytes int64) error {
	var stat unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &stat); err != nil || stat.Blocks*512 >= stat.Size+bytes/2 {
		return err
	}
	return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, stat.Size+bytes)
}

// allocate makes a file at least so many bytes long, with blocks for all of them.
func allocate(f *os.File, bytes int64) error { return unix.Fallocate(int(f.Fd()), 0, 0, bytes) }

// freeOf is how many bytes the file system of a directory has left for an ordinary user.
func freeOf(dir string) (int64, error) {
	var stat unix.Statfs_t
	err := unix.Statfs(dir, &stat)
	return int64(stat.Bavail) * stat.Bsize, err
}
