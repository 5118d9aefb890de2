package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

const patchText = `A JSON merge patch (RFC 7396) of labels and spec: what it does not name stays, null resets to the default, lists are replaced
whole. It does not renew a session whose time is up; changing ` + "`spec.expiresIn`" + ` or ` + "`spec.expiresAt`" + `
does, and each of them takes the other's place.`

const mergePatchMedia = "application/merge-patch+json"

type patchInput struct {
	SessionPath
	PlanQuery
	IfMatch string          `header:"If-Match" doc:"Change only if the session's ETag is still this one"`
	Body    json.RawMessage `contentType:"application/json"`
}

func (h *sessions) patch(ctx context.Context, in *patchInput) (*sessionOutput, error) {
	c, p := parseConditions(in.IfMatch, "")
	if p != nil {
		return nil, p
	}
	revise := func(s mirror.Session) (mirror.Session, bool, error) {
		if s.Deleting() {
			return s, false, removing(s)
		}
		want, p := h.patched(s, in.Body)
		if p != nil {
			return s, false, p
		}
		return h.revise(s, want, false)
	}
	if in.DryRun {
		return h.previewChange(ctx, in.Name, c, revise)
	}
	s, err := h.change(ctx, in.Name, c, revise)
	if err != nil {
		return nil, err
	}
	return h.one(http.StatusOK, s), nil
}

// patched returns what is asked for after a patch of s: the patch is merged into the JSON of s, which is then read as PUT reads it.
func (h *sessions) patched(s mirror.Session, patch json.RawMessage) (desired, *wire.Problem) {
	current, err := json.Marshal(map[string]any{"labels": s.Labels, "spec": withoutReplacedLife(renderSpec(s.Spec), patch)})
	if err != nil {
		return desired{}, internal.problem("the session cannot be written as JSON")
	}
	merged, err := mergeJSON(current, patch)
	if err != nil {
		return desired{}, malformed.problem("the body's JSON holds what cannot be merged")
	}
	body, p := h.input.read(merged)
	if p != nil {
		return desired{}, p
	}
	if body.Name != "" && body.Name != s.Name {
		return desired{}, invalidField("name", "a session cannot be renamed")
	}
	return h.parse(body)
}

// withoutReplacedLife leaves out of a spec the way to say its life in whose place the patch puts the other one.
func withoutReplacedLife(spec wire.Spec, patch json.RawMessage) wire.Spec {
	var p struct {
		Spec struct {
			ExpiresIn any `json:"expiresIn"`
			ExpiresAt any `json:"expiresAt"`
		} `json:"spec"`
	}
	_ = json.Unmarshal(patch, &p) // what is wrong with it is told by who reads the merged document
	switch in, at := p.Spec.ExpiresIn, p.Spec.ExpiresAt; {
	case in != nil && at == nil:
		spec.ExpiresAt = time.Time{}
	case at != nil && in == nil:
		spec.ExpiresIn = ""
	}
	return spec
}
