package api

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

const canary = "canary-4711-secret!"

// TestNothingOfTheBodyIsRepeated sends bodies with a secret in every place, each wrong in some way, and looks for it in what is
// answered and logged.
func TestNothingOfTheBodyIsRepeated(t *testing.T) {
	var log bytes.Buffer
	f := newFixture(t, func(o *Options) {
		o.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	f.call("PUT", "/v1/sessions/there", spec1).want(201)
	bodies := []string{
		canary, `"` + canary + `"`, `["` + canary + `"]`, `{"` + canary + `":1}`, `{"spec":"` + canary + `"}`, `{"a":"` + canary + `"`,
		`{"spec":{"sources":[{"vm":"a"}],"` + canary + `":1}}`, `{"spec":{"sources":[{"vm":"a"}],"password":"` + canary + `"}}`,
		`{"spec":{"sources":["` + canary + `"]}}`, `{"spec":{"sources":[{"vm":["` + canary + `"]}]}}`,
		`{"spec":{"sources":[{"vm":"` + canary + `","portKey":"` + canary + `"}]}}`, `{"spec":{"sources":[{"selector":{"name":"[` + canary + `"}}]}}`,
		`{"name":"` + canary + `","spec":{"sources":[{"vm":"a"}]}}`, `{"labels":{"a":"` + canary + `"},"spec":{"sources":[{"vm":"a"}]}}`,
		`{"labels":{"` + canary + `":"a"},"spec":{"sources":[{"vm":"a"}]}}`, `{"labels":["` + canary + `"],"spec":{"sources":[{"vm":"a"}]}}`,
	}
	for _, field := range []string{"vcenter", "switch", "netstack", "expiresIn", "onDrift", "sampling", "snapLength", "enabled"} {
		// Together with a missing source, so that what is right of itself is refused as well.
		bodies = append(bodies, `{"spec":{"sources":[],"`+field+`":"`+canary+`"}}`)
	}
	for _, value := range []string{
		`"encapsulation":{"type":"` + canary + `"}`, `"encapsulation":{"id":"` + canary + `"}`, `"encapsulation":"` + canary + `"`,
		`"destination":{"receiver":"` + canary + `"}`, `"destination":{"addresses":["` + canary + `"]}`, `"destination":{"` + canary + `":1}`,
	} {
		bodies = append(bodies, `{"spec":{"sources":[{"vm":"a"}],`+value+`}}`)
	}
	for _, body := range bodies {
		for _, target := range []string{"PUT /v1/sessions/there", "PUT /v1/sessions/new?dryRun=true", "POST /v1/sessions", "PATCH /v1/sessions/there"} {
			method, path, _ := strings.Cut(target, " ")
			a := f.call(method, path, body)
			if a.status < 400 {
				t.Errorf("%s %s: got %d", target, body, a.status)
			}
			if strings.Contains(string(a.body), canary) {
				t.Errorf("%s %s: the answer repeats the body: %s", target, body, a.body)
			}
		}
	}
	if strings.Contains(log.String(), canary) {
		t.Errorf("the log repeats a body: %s", &log)
	}
	if !strings.Contains(log.String(), "/v1/sessions/{name}") {
		t.Error("the log has no requests: the test looks in the wrong place")
	}
}

func TestAnAddressGivenTwiceIsNotRepeated(t *testing.T) {
	a := newFixture(t).call("PUT", "/v1/sessions/a", `{"spec":{"sources":[{"vm":"a"}],"destination":{"addresses":["10.47.11.1","::ffff:10.47.11.1"]}}}`)
	a.problem(422, "invalid", "spec.destination.addresses[1]")
	if strings.Contains(string(a.body), "10.47.11.1") {
		t.Errorf("the answer repeats the body: %s", a.body)
	}
}
