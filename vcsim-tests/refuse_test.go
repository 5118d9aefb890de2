package vcsimtests

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
)

// TestWhatCannotBeMirroredIsRefusedByName asks for things that cannot be: once as a dry run, which answers with a problem, and once in
// earnest, which is remembered as a session that says why it is not accepted. Both name what was asked for.
func TestWhatCannotBeMirroredIsRefusedByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vmk, uplink := "", ""
	for _, p := range w.ports() {
		switch p.Connectee {
		case "hostVmkVnic":
			vmk = p.PortKey
		case "pnic":
			uplink = p.PortKey
		}
	}
	w.act(w.sim.SetPromiscuous("prod-db", true))
	source := func(s wire.Source) wire.Spec { return wire.Spec{Sources: []wire.Source{s}} }
	for name, c := range map[string]struct {
		spec wire.Spec
		code string
		says []string
	}{
		"unknown-vm":        {source(wire.Source{VM: "web-99"}), "source_gone", []string{"web-99"}},
		"unknown-nic":       {source(wire.Source{VM: "web-01", NIC: "Network adapter 7"}), "source_gone", []string{"web-01", "Network adapter 7"}},
		"unknown-portgroup": {source(wire.Source{Portgroup: "prod-mail"}), "source_gone", []string{"prod-mail"}},
		"unknown-port":      {source(wire.Source{PortKey: "4711"}), "source_gone", []string{"4711"}},
		"vmkernel-port":     {source(wire.Source{PortKey: vmk}), "source_refused", []string{vmk, "vmkernel"}},
		"uplink-port":       {source(wire.Source{PortKey: uplink}), "source_refused", []string{uplink, "uplink"}},
		"promiscuous-port":  {source(wire.Source{VM: "db-01"}), "source_refused", []string{"db-01", "promiscuous"}},
		"by-tag":            {source(wire.Source{Selector: &wire.Selector{Tag: "prod"}}), "source_gone", []string{"tag", "prod"}},
		"unknown-switch":    {wire.Spec{Switch: "DVS7", Sources: []wire.Source{{VM: "web-01"}}}, "switch_not_found", []string{"DVS7"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := w.server.on(t)
			p := s.problem(s.do(http.MethodPut, "/v1/sessions/"+name+"?dryRun=true", wire.SessionInput{Spec: c.spec}), http.StatusUnprocessableEntity, c.code)
			wantAll(t, "the problem's detail", p.Detail, c.says)
			s.want(s.do(http.MethodGet, "/v1/sessions/"+name, nil), http.StatusNotFound) // a dry run is dry
			got := s.putAndWait(name, c.spec, "Accepted", soon)
			if a := condition(got, "Accepted"); a.Status != "False" || !strings.EqualFold(a.Reason, strings.ReplaceAll(c.code, "_", "")) {
				t.Errorf("Accepted is %s (%s), want False because of %s", a.Status, a.Reason, c.code)
			} else {
				wantAll(t, "the condition's message", a.Message, c.says)
			}
			if applied := condition(got, "Applied"); applied.Status != "False" {
				t.Errorf("Applied is %s (%s)", applied.Status, applied.Reason)
			}
		})
	}
	if left := w.sim.State().Sessions; len(left) != 0 {
		t.Errorf("on the switch stand %+v", left)
	}
}

// ports lists the ports of the switch, once the daemon has found it.
func (w *world) ports() []wire.Port {
	w.t.Helper()
	var a answer
	await(w.t, soon, "the daemon has found the switch", func() (bool, string) {
		a = w.do(http.MethodGet, "/v1/switches/DVS0/ports", nil)
		return a.status == http.StatusOK, string(a.body)
	})
	return read[wire.PortList](w.server, a).Items
}

func wantAll(t *testing.T, what, text string, words []string) {
	t.Helper()
	for _, word := range words {
		if word == "" || !strings.Contains(text, word) {
			t.Errorf("%s does not name %q: %s", what, word, text)
		}
	}
}

// TestPromiscuousPortIsMirroredFromTheVM is what the refusal of the other direction advises.
func TestPromiscuousPortIsMirroredFromTheVM(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.act(w.sim.SetPromiscuous("prod-db", true))
	w.delivering("db-01", wire.Spec{Sources: []wire.Source{{VM: "db-01", Direction: "from-vm"}}})
}

func TestERSPANIDInUseIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := spec([]string{"web-02"}, func(s *wire.Spec) { s.Encapsulation = wire.Encapsulation{Type: "erspan2", ID: 77} })
	w.delivering("first", spec([]string{"web-01"}, func(s *wire.Spec) { s.Encapsulation = asked.Encapsulation }))
	w.problem(w.do(http.MethodPut, "/v1/sessions/second?dryRun=true", wire.SessionInput{Spec: asked}), http.StatusConflict, "erspan_id_conflict")
	s := w.putAndWait("second", asked, "Applied", soon)
	if c := condition(s, "Applied"); c.Status != "False" || c.Reason != "ErspanIdConflict" || !strings.Contains(c.Message, "77") {
		t.Errorf("Applied is %s (%s: %s), want False (ErspanIdConflict) naming 77", c.Status, c.Reason, c.Message)
	}
	w.remove("first")
	w.untilState("second", "delivering", soon) // the id is free
}

// TestRequestsThatMakeNoSense are refused before anything is stored.
func TestRequestsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		body   string
		status int
		field  string
	}{
		"no source":           {`{"spec":{"sources":[]}}`, 422, "spec.sources"},
		"two kinds of source": {`{"spec":{"sources":[{"vm":"web-01","portKey":"1"}]}}`, 422, "spec.sources[0]"},
		"unknown field":       {`{"spec":{"sources":[{"vm":"web-01"}],"colour":"red"}}`, 422, "spec.colour"},
		"encapsulation":       {`{"spec":{"sources":[{"vm":"web-01"}],"encapsulation":{"type":"vxlan"}}}`, 422, "spec.encapsulation.type"},
		"id out of range":     {`{"spec":{"sources":[{"vm":"web-01"}],"encapsulation":{"id":1024}}}`, 422, "spec.encapsulation.id"},
		"direction":           {`{"spec":{"sources":[{"vm":"web-01","direction":"sideways"}]}}`, 422, "spec.sources[0].direction"},
		"snap length":         {`{"spec":{"sources":[{"vm":"web-01"}],"snapLength":59}}`, 422, "spec.snapLength"},
		"destination":         {`{"spec":{"sources":[{"vm":"web-01"}],"destination":{"addresses":["224.0.0.1"]}}}`, 422, "spec.destination.addresses[0]"},
		"life":                {`{"spec":{"sources":[{"vm":"web-01"}],"expiresIn":"soon"}}`, 422, "spec.expiresIn"},
		"no JSON":             {`{"spec":`, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := w.server.on(t)
			a := s.want(s.do(http.MethodPut, "/v1/sessions/x", []byte(c.body)), c.status)
			p := read[wire.Problem](s, a)
			if c.field != "" && (len(p.Errors) == 0 || !strings.HasSuffix(p.Errors[0].Field, c.field)) {
				t.Errorf("the problem is at %+v, want %s", p.Errors, c.field)
			}
			s.want(s.do(http.MethodGet, "/v1/sessions/x", nil), http.StatusNotFound)
		})
	}
	w.problem(w.do(http.MethodPut, "/v1/sessions/Web_01", wire.SessionInput{Spec: mirrorOf("web-01")}), 422, "invalid")
	w.problem(w.do(http.MethodGet, "/v1/nothing", nil), 404, "not_found")
	w.problem(w.do(http.MethodDelete, "/v1/switches", nil), 405, "method_not_allowed")
}
