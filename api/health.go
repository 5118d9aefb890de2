package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
)

// health answers whether the process lives and whether it can work.
type health struct {
	ready   func() []Check
	version string
}

func (h health) register(a huma.API) {
	huma.Register(a, operation(a, "health", "healthz", http.MethodGet, "/healthz", "Whether the process answers", ""), h.alive)
	huma.Register(a, operation(a, "health", "readyz", http.MethodGet, "/readyz", "Whether vspan can do its work",
		"503 with the code not_ready when a check fails; its errors name the checks."), h.readiness)
}

type healthOutput struct{ Body wire.Health }

func (h health) alive(context.Context, *struct{}) (*healthOutput, error) {
	return &healthOutput{wire.Health{Status: "ok", Version: h.version}}, nil
}

type readyOutput struct{ Body wire.Readiness }

func (h health) readiness(context.Context, *struct{}) (*readyOutput, error) {
	checks := h.ready()
	list := make([]wire.Check, len(checks))
	var failed []wire.FieldError
	for i, c := range checks {
		list[i] = wire.Check(c)
		if !c.OK {
			failed = append(failed, wire.FieldError{Field: c.Name, Detail: c.Message})
		}
	}
	if len(failed) > 0 {
		p := notReady.problem("%d of %d checks failed", len(failed), len(checks))
		p.Errors = failed
		return nil, p
	}
	return &readyOutput{wire.Readiness{Status: "ready", Checks: list}}, nil
}
