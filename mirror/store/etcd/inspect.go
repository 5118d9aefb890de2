package etcd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	"go.etcd.io/etcd/server/v3/storage/datadir"
	"go.uber.org/zap"
)

// inspect reads a data directory of etcd from one end to the other and changes nothing. What etcd would stumble upon later, on a
// goroutine of its own and by ending the process, or would repair by forgetting it, is found here.
func inspect(dir, prefix string, t *trouble, log *zap.Logger) error {
	var applied uint64
	if _, err := os.Stat(datadir.ToBackendFileName(dir)); err == nil {
		err := protect(t, func() (err error) {
			applied, err = inspectDatabase(datadir.ToBackendFileName(dir), prefix)
			return err
		})
		if err != nil {
			return fmt.Errorf("its database is damaged: %w", err)
		}
	}
	found, err := filepath.Glob(filepath.Join(datadir.ToWALDir(dir), "*.wal"))
	switch {
	case err != nil:
		return err
	case len(found) == 0 && applied > 0:
		return errors.New("its log is missing")
	case len(found) == 0:
		return nil
	}
	if err := protect(t, func() error { return inspectLog(datadir.ToWALDir(dir), applied, log) }); err != nil {
		return fmt.Errorf("its log is damaged: %w", err)
	}
	return nil
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
