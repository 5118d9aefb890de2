package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/go-chi/chi/v5/middleware"
)

// recoverPanics turns a panic into a problem with an id, and logs it under that id. Where an answer has already begun, the
// connection is cut, so that the client does not take the part for the whole.
func recoverPanics(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			defer func() {
				v := recover()
				if v == nil {
					return
				}
				if v == http.ErrAbortHandler {
					panic(v)
				}
				if r.Context().Err() != nil && ww.Status() != 0 {
					log.Debug("the client left before the answer was written", "panic", fmt.Sprint(v))
					panic(http.ErrAbortHandler)
				}
				p := internal.problem("an unexpected error; the log has it under this id")
				p.ID = newUUID()
				log.Error("panic while answering a request", "id", p.ID, "method", r.Method, "route", routeLabel(r),
					"panic", fmt.Sprint(v), "stack", string(debug.Stack()))
				if ww.Status() != 0 {
					panic(http.ErrAbortHandler)
				}
				writeProblem(ww, p)
			}()
			next.ServeHTTP(ww, r)
		})
	}
}
