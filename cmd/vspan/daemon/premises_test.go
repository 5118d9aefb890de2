package daemon

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/doctor"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// served runs a daemon for the length of the test, beside a simulator.
func served(t *testing.T) (*sim.Simulator, *client.Client) {
	t.Helper()
	s, c := beside(t, sim.Options{}, "vspan", "pass")
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("daemon: %v", err)
		}
	})
	select {
	case <-d.Ready():
	case err := <-done:
		done <- nil
		t.Fatalf("the daemon ended: %v", err)
	}
	asking, err := client.New(d.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the switches were read", func() bool {
		_, err := asking.Ready(t.Context())
		problem, refused := errors.AsType[*client.Problem](err)
		return err == nil || refused && !slices.ContainsFunc(problem.Errors, func(e wire.FieldError) bool { return e.Field == "switches" })
	})
	return s, asking
}

// waitUntil looks again until something holds that happens on the other side of a socket.
func waitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in time", what)
		}
	}
}

// wanted is the check of a code with a status, about a subject.
func wanted(t *testing.T, items []wire.DoctorCheck, code doctor.Code, status doctor.Status, subject string) wire.DoctorCheck {
	t.Helper()
	at := slices.IndexFunc(items, func(c wire.DoctorCheck) bool {
		return c.Code == code.String() && c.Status == status.String() && slices.Contains(c.Subject.Names, subject)
	})
	if at < 0 {
		t.Fatalf("%s of %s is not %s: %+v", code, subject, status, items)
	}
	return items[at]
}

func asked(t *testing.T, c *client.Client, session string) []wire.DoctorCheck {
	t.Helper()
	found, err := c.Doctor(t.Context(), session, true)
	if err != nil {
		t.Fatal(err)
	}
	if time.Since(found.ReadAt) > time.Minute || found.Status == "" {
		t.Errorf("status %q, read at %v", found.Status, found.ReadAt)
	}
	return found.Items
}

// TestDoctor asks a daemon by its API, as a session comes, and as what it rests on changes.
func TestDoctor(t *testing.T) {
	s, c := served(t)
	ctx := t.Context()
	in := wire.SessionInput{Spec: wire.Spec{Sources: []wire.Source{{VM: "web-01"}}, ExpiresIn: "1h"}}

	dry, err := c.DryRun(ctx, "web-01", in)
	if err != nil {
		t.Fatal(err)
	}
	wanted(t, dry.Checks, doctor.ERSPANID, doctor.OK, "web-01")
	wanted(t, dry.Checks, doctor.SourcePlaced, doctor.OK, "web-01")
	wanted(t, dry.Checks, doctor.VMKernel, doctor.OK, "esx-01")
	if fragments := wanted(t, dry.Checks, doctor.MTU, doctor.Warning, "esx-01"); !strings.Contains(fragments.Remedy, "1554") || len(dry.Plan.Warnings) == 0 {
		t.Errorf("%+v, warnings %q", fragments, dry.Plan.Warnings)
	}
	if slices.ContainsFunc(dry.Checks, func(k wire.DoctorCheck) bool { return k.Subject.Kind == "daemon" }) {
		t.Errorf("what does not concern the session: %+v", dry.Checks)
	}

	if _, _, err := c.Put(ctx, "web-01", in, client.Precondition{}); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the session stands", func() bool { return len(s.State().Sessions) == 1 })
	waitUntil(t, "the session is placed", func() bool {
		found, err := c.Doctor(ctx, "web-01", true)
		return err == nil && slices.ContainsFunc(found.Items, func(k wire.DoctorCheck) bool {
			return k.Code == doctor.SourcePlaced.String() && k.Status == doctor.OK.String()
		})
	})
	wanted(t, asked(t, c, "web-01"), doctor.ERSPANID, doctor.OK, "web-01")
	wanted(t, asked(t, c, ""), doctor.Installation, doctor.OK, "vspan")

	standing := s.State().Sessions[0]
	if _, err := s.AddForeignSession(sim.SessionSpec{
		Name: "theirs", Enabled: true, FromVM: standing.FromVM, Destinations: standing.Destinations, Encapsulation: "erspan3", ERSPANID: standing.ERSPANID,
	}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.SetVMKernel("esx-02", sim.VMKernel{Remove: true}), s.SetBinding("prod-web", "ephemeral"), s.AddSRIOV("web-02", "prod-web")); err != nil {
		t.Fatal(err)
	}
	one := asked(t, c, "web-01")
	if id := wanted(t, one, doctor.ERSPANID, doctor.Failed, "web-01"); !strings.Contains(id.Message, `"theirs"`) {
		t.Errorf("%+v", id)
	}
	wanted(t, one, doctor.VMKernel, doctor.Warning, "esx-02") // the VM runs on the other
	wanted(t, one, doctor.PortBinding, doctor.Warning, standing.FromVM[0])
	all := asked(t, c, "")
	wanted(t, all, doctor.VMKernel, doctor.Failed, "esx-02")
	wanted(t, all, doctor.PortBinding, doctor.Warning, "prod-web")

	if _, err := c.Doctor(ctx, "none", false); err == nil {
		t.Error("there is no such session")
	}
}

// What is known within the last minute is good enough, unless it is asked for anew.
func TestDoctorReadsAnew(t *testing.T) {
	s, c := served(t)
	wanted(t, asked(t, c, ""), doctor.VMKernel, doctor.OK, "esx-01")
	if err := s.SetVMKernel("esx-01", sim.VMKernel{Remove: true}); err != nil {
		t.Fatal(err)
	}
	before, err := c.Doctor(t.Context(), "", false)
	if err != nil {
		t.Fatal(err)
	}
	wanted(t, before.Items, doctor.VMKernel, doctor.OK, "esx-01")
	wanted(t, asked(t, c, ""), doctor.VMKernel, doctor.Failed, "esx-01")
}
