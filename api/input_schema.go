package api

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
)

// inputSchema reads a SessionInput that did not come as the body of a request, as strictly as huma reads bodies.
type inputSchema struct {
	registry huma.Registry
	schema   *huma.Schema
}

func newInputSchema() *inputSchema {
	r := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	return &inputSchema{r, r.Schema(reflect.TypeFor[wire.SessionInput](), false, "")}
}

func (i *inputSchema) read(text []byte) (wire.SessionInput, *wire.Problem) {
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		return wire.SessionInput{}, malformed.problem("the body's JSON holds a number that is out of range")
	}
	var result huma.ValidateResult
	huma.Validate(i.registry, i.schema, huma.NewPathBuffer([]byte("body"), 4), huma.ModeWriteToServer, document, &result)
	if len(result.Errors) > 0 {
		return wire.SessionInput{}, invalidFields(fieldErrors(result.Errors))
	}
	var input wire.SessionInput
	if err := json.Unmarshal(text, &input); err != nil {
		return wire.SessionInput{}, invalidFields(fieldErrors([]error{err}))
	}
	return input, nil
}
