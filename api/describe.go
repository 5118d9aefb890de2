package api

import (
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
)

// operation describes a call. Every call may answer with a problem.
func operation(a huma.API, tag, id, method, path, summary, description string) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Description: description, Tags: []string{tag},
		MaxBodyBytes:    maxBody + 1, // limit has read it already; huma refuses a body that fills its own limit
		BodyReadTimeout: -1,
		Responses: map[string]*huma.Response{
			"default": {
				Description: "A problem (RFC 9457)",
				Content:     map[string]*huma.MediaType{wire.ProblemContentType: {Schema: schemaOf[wire.Problem](a)}},
			},
		},
	}
}

func schemaOf[T any](a huma.API) *huma.Schema {
	t := reflect.TypeFor[T]()
	return a.OpenAPI().Components.Schemas.Schema(t, true, t.Name())
}

func answers(status int, schema *huma.Schema) *huma.Response {
	return &huma.Response{
		Description: http.StatusText(status),
		Content:     map[string]*huma.MediaType{"application/json": {Schema: schema}},
	}
}

// mayPlan describes the answers of a call that takes ?dryRun: a session with each of the statuses, or with 200 what would be done.
func mayPlan(a huma.API, op huma.Operation, statuses ...int) huma.Operation {
	op.DefaultStatus = statuses[0]
	session, plan := schemaOf[wire.Session](a), schemaOf[wire.DryRun](a)
	op.Responses["200"] = answers(http.StatusOK, plan)
	for _, status := range statuses {
		schema := session
		if status == http.StatusOK {
			schema = &huma.Schema{OneOf: []*huma.Schema{session, plan}, Description: "The session; with dryRun what would be done"}
		}
		op.Responses[strconv.Itoa(status)] = answers(status, schema)
	}
	return op
}

// removal describes the answers of DELETE.
func removal(a huma.API, op huma.Operation) huma.Operation {
	op.DefaultStatus = http.StatusAccepted
	op.Responses["202"] = answers(http.StatusAccepted, schemaOf[wire.Session](a))
	op.Responses["202"].Description = "It is being taken off the switch"
	op.Responses["204"] = &huma.Response{Description: "It is gone; only with ?wait or ?damaged"}
	return op
}

// sessionBody gives the body of a call an example that can be sent as it stands: one made of the schema has every way to name a
// source and both kinds of destination at once, which is refused.
func sessionBody(op huma.Operation) huma.Operation {
	example := map[string]any{
		"labels": map[string]string{"ticket": "INC-42"},
		"spec":   map[string]any{"sources": []any{map[string]any{"vm": "web-01"}}, "expiresIn": "1h"},
	}
	op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Example: example}}}
	return op
}

// mergePatch describes the body of PATCH.
func mergePatch(op huma.Operation) huma.Operation {
	schema := &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true,
		Description: "What to change of {\"labels\": …, \"spec\": …}; null resets a field to its default; lists are replaced whole",
		Examples:    []any{map[string]any{"spec": map[string]any{"expiresIn": "2h", "snapLength": nil}}},
	}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: schema}, mergePatchMedia: {Schema: schema},
	}}
	return op
}
