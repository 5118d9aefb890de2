package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	validation "github.com/pb33f/libopenapi-validator/errors"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"go.uber.org/goleak"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/journal"
	"github.com/vspan-io/vspan/mirror/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a server with everything that the API stands on, in memory.
type fixture struct {
	t       *testing.T
	handler http.Handler
	store   *store.Memory
	board   *store.Board
	history *journal.Journal
	vcenter *fakeVCenter
	mu      sync.Mutex // guards now
	now     time.Time
}

// fakeVCenter is a Planner and an Inventory that answers what it is told to.
type fakeVCenter struct {
	preview  Preview
	switches []mirror.Switch
	err      error
	asked    mirror.Session // by the last Preview
	fresh    bool           // in the last Switches
	away     error          // of Refresh
	now      *mirror.Switch // what Refresh reads; nil: as listed
}

func (f *fakeVCenter) Preview(_ context.Context, s mirror.Session) (Preview, error) {
	f.asked = s
	return f.preview, f.err
}

func (f *fakeVCenter) Switches(_ context.Context, vcenter string, fresh bool) ([]mirror.Switch, error) {
	f.fresh = fresh
	return slices.DeleteFunc(slices.Clone(f.switches), func(s mirror.Switch) bool { return vcenter != "" && s.ID.VCenter != vcenter }), f.err
}

func (f *fakeVCenter) Refresh(_ context.Context, id mirror.SwitchID) (mirror.Switch, error) {
	switch {
	case f.away != nil:
		return mirror.Switch{}, f.away
	case f.now != nil:
		return *f.now, nil
	}
	return f.switches[slices.IndexFunc(f.switches, func(s mirror.Switch) bool { return s.ID == id })], nil
}

var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newFixture(t *testing.T, change ...func(*Options)) *fixture {
	t.Helper()
	history, err := journal.Open("", journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, store: store.NewMemory(), board: store.NewBoard(), history: history, vcenter: &fakeVCenter{}, now: begin}
	o := Options{Store: f.store, Board: f.board, History: f.history, Planner: f.vcenter, Inventory: f.vcenter, Owner: "here", Now: f.clock, Version: "1.2.3"}
	for _, c := range change {
		c(&o)
	}
	f.handler = New(o)
	return f
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// answer is a response, read.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// call sends a request, with headers as pairs, and checks that the answer is what the OpenAPI document allows.
func (f *fixture) call(method, target, body string, headers ...string) answer {
	f.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "localhost:8080"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	a := answer{f.t, w.Code, w.Header(), w.Body.Bytes()}
	if w.Code >= 400 {
		a.isProblem(w.Code)
	}
	checkAgainstDocument(f.t, r, w)
	return a
}

// apiDocument is the served OpenAPI document with what checks answers against it.
type apiDocument struct {
	validator validator.Validator
	paths     *v3.Paths
	err       error
}

// described reads the document once: it takes a while.
var described = sync.OnceValue(func() (d apiDocument) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "http://localhost/openapi.json", nil)
	New(Options{Store: store.NewMemory(), Board: store.NewBoard(), Planner: &fakeVCenter{}, Inventory: &fakeVCenter{}}).ServeHTTP(w, r)
	document, err := libopenapi.NewDocument(w.Body.Bytes())
	if err != nil {
		return apiDocument{err: err}
	}
	model, err := document.BuildV3Model()
	if err != nil {
		return apiDocument{err: err}
	}
	v := validator.NewValidatorFromV3Model(&model.Model)
	v.SetDocument(document)
	return apiDocument{validator: v, paths: model.Model.Paths}
})

func checkAgainstDocument(t *testing.T, r *http.Request, w *httptest.ResponseRecorder) {
	t.Helper()
	undescribed := w.Code == http.StatusMethodNotAllowed || bytes.Contains(w.Body.Bytes(), []byte(wire.ProblemType+noRoute.code+`"`)) ||
		strings.HasPrefix(r.URL.Path, "/docs") || r.URL.Path == "/metrics" || r.URL.Path == "/openapi.json"
	if undescribed || w.Code == http.StatusNoContent {
		return
	}
	if strings.Count(w.Body.String(), "\n") > 1 && w.Header().Get("Content-Type") == ndjsonMedia { // each line is as described
		for line := range strings.Lines(w.Body.String()) {
			one := httptest.NewRecorder()
			one.Header().Set("Content-Type", ndjsonMedia)
			one.WriteString(line)
			checkAgainstDocument(t, r, one)
		}
		return
	}
	d := described()
	if d.err != nil {
		t.Fatalf("read the OpenAPI document: %v", d.err)
	}
	var ok bool
	var problems []*validation.ValidationError
	if before, verb, found := strings.Cut(r.URL.Path, ":"); found && r.Method == http.MethodPost {
		// The validator takes web-01:enable for a {name} and does not look further.
		parameter := "/{name}:"
		if strings.HasPrefix(before, "/v1/orphans/") {
			parameter = "/{uid}:"
		}
		path := before[:strings.LastIndex(before, "/")] + parameter + verb
		item, there := d.paths.PathItems.Get(path)
		if !there {
			t.Fatalf("%s is not described", path)
		}
		ok, problems = d.validator.GetResponseBodyValidator().ValidateResponseBodyWithPathItem(r, w.Result(), item, path)
	} else {
		ok, problems = d.validator.ValidateHttpResponse(r, w.Result())
	}
	if !ok {
		for _, p := range problems {
			t.Errorf("%s %s: the answer is not as described: %s: %s %v", r.Method, r.URL, p.Message, p.Reason, p.SchemaValidationErrors)
		}
		t.Logf("%s", w.Body)
	}
}

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("got %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// isProblem checks the form that every problem has, and returns it.
func (a answer) isProblem(status int) wire.Problem {
	a.t.Helper()
	var p wire.Problem
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		a.t.Fatalf("not a problem (%v): %s", err, a.body)
	}
	if got := a.header.Get("Content-Type"); got != wire.ProblemContentType {
		a.t.Errorf("got Content-Type %q: %s", got, a.body)
	}
	if p.Status != a.status || p.Type != wire.ProblemType+p.Code || p.Code == "" || p.Title == "" || p.Detail == "" {
		a.t.Errorf("got status %d with an odd problem: %s", a.status, a.body)
	}
	if a.status != status {
		a.t.Errorf("got status %d, want %d: %s", a.status, status, a.body)
	}
	return p
}

// problem checks status, code and, unless it is empty, that an error about field is among the errors.
func (a answer) problem(status int, code, field string) {
	a.t.Helper()
	p := a.isProblem(status)
	if p.Code != code {
		a.t.Errorf("got code %q, want %q: %s", p.Code, code, a.body)
	}
	for _, e := range p.Errors {
		if e.Field == field {
			return
		}
	}
	if field != "" {
		a.t.Errorf("no error about %q: %s", field, a.body)
	}
}

func (a answer) session() wire.Session {
	a.t.Helper()
	return decoded[wire.Session](a)
}

func decoded[T any](a answer) T {
	a.t.Helper()
	var v T
	if err := json.Unmarshal(a.body, &v); err != nil {
		a.t.Fatalf("decode %T: %v: %s", v, err, a.body)
	}
	return v
}

// spec1 is a body that asks for little.
const spec1 = `{"spec":{"sources":[{"vm":"web-01"}]}}`

// place puts a session on the board as standing on DVS0, as asked for or with a fault.
func (f *fixture) place(s wire.Session, fault *mirror.Fault) {
	f.board.Place(s.UID, mirror.Placement{
		Generation: s.Generation, At: f.clock(), Since: f.clock(),
		Switch: mirror.SwitchID{VCenter: "default", UUID: "50 01"}, SwitchName: "DVS0", ConfigVersion: "17", SessionKey: "12",
		Accepted: true, Applied: fault == nil, Fault: fault,
		Sources: []mirror.PlacedSource{
			{
				Source: mirror.Source{VM: "web-01"},
				Port:   mirror.Port{Key: "112", VM: "web-01", NIC: "Network adapter 1", MAC: "00:50:56:00:00:01", Host: "esx-01"},
			},
			{Source: mirror.Source{VM: "gone"}, Fault: mirror.Faultf(mirror.SourceGone, `VM "gone"`, "there is none")},
		},
	}, f.clock())
}

func (f *fixture) judge(s wire.Session, state mirror.State, reason mirror.Reason) {
	f.board.Judge(s.UID, mirror.Evidence{
		Packets: 7, Bytes: 700, First: begin, Last: f.clock(), SequenceUsable: true, Resets: 1, Ambiguous: 2, Unlisted: 3,
		Exporters: []mirror.ExporterEvidence{{Address: netip.MustParseAddr("10.0.0.11"), Host: "esx-01", Packets: 7, Last: f.clock()}},
		Diagnoses: []mirror.Diagnosis{{
			Code: mirror.SequenceLoss, Severity: mirror.Warning, Subject: "esx-01", Message: "what", Remedy: "do",
			Figures: []mirror.Figure{{Name: "missing", Value: math.Inf(1), Unit: "packets"}},
		}},
		Figures: []mirror.Figure{{Name: "packets", Value: 7, Unit: "packets"}},
		Sources: []mirror.SourceEvidence{{
			PortKey: "112", FromVM: mirror.Volume{Packets: 4, Bytes: 400}, ToVM: mirror.Volume{Packets: 3, Bytes: 300},
			FromVMDelivery: mirror.Delivery{
				Over: 20 * time.Second, Received: mirror.Volume{Packets: 3, Bytes: 300}, Moved: mirror.Volume{Packets: 4, Bytes: 400},
				Expected: 400, Ratio: 0.75, Low: 0.5, High: 0.875,
			},
			Figures: []mirror.Figure{{Name: "from_vm_ratio", Value: 0.75, Unit: "ratio"}},
			Verdict: mirror.Verdict{State: state, Reason: reason, Message: "m", Since: f.clock(), At: f.clock()},
		}},
	}, mirror.Verdict{State: state, Reason: reason, Message: "m", At: f.clock()}, f.clock())
}

// stored returns a session from the store.
func (f *fixture) stored(name string) mirror.Session {
	f.t.Helper()
	s, err := f.store.Get(context.Background(), name)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// discard reads r to its end.
func discard(t *testing.T, r io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (f *fixture) quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
