package api

import (
	"context"
	"errors"
	"log/slog"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/store"
)

// storeProblem makes a problem of an error of the store that concerns a session; its name is "" where none was given.
func storeProblem(log *slog.Logger, name string, err error) *wire.Problem {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return sessionNotFound.problem("there is no session %q", name)
	case errors.Is(err, store.ErrDamaged):
		log.Error("a record cannot be read", "session", name, "err", err)
		return recordDamaged.problem("what is asked for of session %q cannot be read: it is damaged, or a newer vspan wrote it, and the log says which. What "+
			"stands on the switch is left as it is. Restore the state from a backup or run the newer vspan; or give the record up with "+
			"DELETE /v1/sessions/%s?damaged=true (vspan session delete %s --damaged), after which what stands on the switch is an orphan", name, name, name)
	case errors.Is(err, store.ErrFull):
		log.Error("the store is full", "session", name, "err", err)
		return storeFull.problem("nothing new can be stored; sessions can still be read and deleted, which makes room")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return timedOut.problem("the desired state was not read or written in time; try again")
	default:
		log.Error("the store failed", "session", name, "err", err)
		return storeUnavailable.problem("the log says why; try again")
	}
}
