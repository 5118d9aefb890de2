package etcd

import (
	"errors"
	"fmt"

	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.uber.org/zap"
)

// inspectLog checks the checksum of every record, and that the log reaches as far as the database has applied it. A log that ends early
// looks to etcd like one whose last write was interrupted, which it cuts off.
func inspectLog(dir string, applied uint64, log *zap.Logger) error {
	snapshots, err := wal.ValidSnapshotEntries(log, dir)
	if err != nil {
		return err
	}
	if len(snapshots) == 0 {
		return errors.New("it has no beginning")
	}
	from := snapshots[len(snapshots)-1]
	w, err := wal.OpenForRead(log, dir, from)
	if err != nil {
		return err
	}
	_, _, entries, err := w.ReadAll() // closes what was opened; a log opened for reading cannot be closed otherwise
	if err != nil {
		return err
	}
	last := from.GetIndex()
	if len(entries) > 0 {
		last = entries[len(entries)-1].GetIndex()
	}
	if last < applied {
		return fmt.Errorf("it ends with entry %d and the database has applied %d", last, applied)
	}
	return nil
}
