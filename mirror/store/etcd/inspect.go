package etcd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	"go.etcd.io/etcd/server/v3/storage/datadir"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.uber.org/zap"
)

// inspect reads a data directory of etcd from one end to the other and changes nothing. What etcd would stumble upon later, on a
// goroutine of its own and by ending the process, is found here.
func inspect(dir string, t *trouble, log *zap.Logger) error {
	if _, err := os.Stat(datadir.ToBackendFileName(dir)); err == nil {
		if err := protect(t, func() error { return inspectDatabase(datadir.ToBackendFileName(dir)) }); err != nil {
			return fmt.Errorf("its database is damaged: %w", err)
		}
	}
	if found, err := filepath.Glob(filepath.Join(datadir.ToWALDir(dir), "*.wal")); err != nil || len(found) == 0 {
		return err
	}
	if err := protect(t, func() error { return inspectLog(datadir.ToWALDir(dir), log) }); err != nil {
		return fmt.Errorf("its log is damaged: %w", err)
	}
	return nil
}

// inspectDatabase walks every page.
func inspectDatabase(name string) error {
	db, err := bbolt.Open(name, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	return db.View(func(tx *bbolt.Tx) error {
		var first error
		for err := range tx.Check() {
			if first == nil {
				first = err
			}
		}
		return first
	})
}

// inspectLog checks the checksum of every record.
func inspectLog(dir string, log *zap.Logger) error {
	snapshots, err := wal.ValidSnapshotEntries(log, dir)
	if err != nil {
		return err
	}
	if len(snapshots) == 0 {
		return errors.New("it has no beginning")
	}
	_, err = wal.Verify(log, dir, snapshots[len(snapshots)-1])
	return err
}

// protect runs a part of etcd that may panic, end its goroutine by way of its logger, or touch a page that is not there.
func protect(t *trouble, part func() error) error {
	done := make(chan error, 1)
	go func() {
		debug.SetPanicOnFault(true)
		var err error
		returned := false
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("etcd panicked: %v", r)
			} else if !returned {
				err = t.failure()
			}
			done <- err
		}()
		err = part()
		returned = true
	}()
	return <-done
}

// remedy follows what is wrong with a data directory.
func remedy(dir string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("data directory %s: %w: give it to the user that runs vspan; nothing in it was changed", dir, err)
	}
	return fmt.Errorf("data directory %s: %w: restore a backup of it; or move it away and start with an empty one: what vspan made on the "+
		"switches then shows as orphans, to be adopted or removed", dir, err)
}
