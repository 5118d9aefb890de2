package api

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// damagedStore has records that cannot be read, by name, beside those of memory.
type damagedStore struct {
	*store.Memory
	damage map[string]int64  // revision by name
	meet   func(name string) // what comes in between before a record is discarded
	full   bool
}

func (d *damagedStore) err(name string) error {
	if _, bad := d.damage[name]; bad {
		return fmt.Errorf("session %q: %w: the checksum does not fit", name, store.ErrDamaged)
	}
	return nil
}

func (d *damagedStore) Get(ctx context.Context, name string) (mirror.Session, error) {
	if err := d.err(name); err != nil {
		return mirror.Session{}, err
	}
	return d.Memory.Get(ctx, name)
}

func (d *damagedStore) Create(ctx context.Context, s mirror.Session) (mirror.Session, error) {
	if err := d.err(s.Name); err != nil {
		return mirror.Session{}, err
	}
	if d.full {
		return mirror.Session{}, fmt.Errorf("create session %q: %w", s.Name, store.ErrFull)
	}
	return d.Memory.Create(ctx, s)
}

func (d *damagedStore) Update(ctx context.Context, s mirror.Session) (mirror.Session, error) {
	if d.full && !s.Deleting() {
		return mirror.Session{}, fmt.Errorf("update session %q: %w", s.Name, store.ErrFull)
	}
	return d.Memory.Update(ctx, s)
}

func (d *damagedStore) Damaged(context.Context) ([]store.Damage, error) {
	var all []store.Damage
	for name, revision := range d.damage {
		all = append(all, store.Damage{Name: name, Revision: revision, Err: d.err(name)})
	}
	slices.SortFunc(all, func(a, b store.Damage) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func (d *damagedStore) Discard(_ context.Context, name string, revision int64) error {
	if d.meet != nil {
		d.meet(name)
	}
	if at, bad := d.damage[name]; !bad || at != revision {
		return fmt.Errorf("discard session %q: %w", name, store.ErrConflict)
	}
	delete(d.damage, name)
	return nil
}

func withDamage(t *testing.T, names ...string) (*fixture, *damagedStore, *bytes.Buffer) {
	t.Helper()
	d := &damagedStore{damage: make(map[string]int64)}
	for i, name := range names {
		d.damage[name] = int64(100 + i)
	}
	log := new(bytes.Buffer)
	f := newFixture(t, func(o *Options) {
		d.Memory, o.Store = o.Store.(*store.Memory), d
		o.Log = slog.New(slog.NewTextHandler(log, nil))
	})
	return f, d, log
}

func TestADamagedRecordIsSaidToBeOne(t *testing.T) {
	f, _, log := withDamage(t, "web-01")
	for _, call := range []answer{
		f.call("GET", "/v1/sessions/web-01", ""), f.call("PUT", "/v1/sessions/web-01", spec1), f.call("PUT", "/v1/sessions/web-01?dryRun=true", spec1),
		f.call("PATCH", "/v1/sessions/web-01", `{}`), f.call("DELETE", "/v1/sessions/web-01", ""), f.call("POST", "/v1/sessions/web-01:disable", ""),
		f.call("GET", "/v1/sessions/web-01/evidence", ""),
	} {
		call.problem(409, "record_damaged", "")
		if p := call.isProblem(409); !strings.Contains(p.Detail, "damaged=true") || !strings.Contains(p.Detail, "orphan") || strings.Contains(p.Detail, "checksum") {
			t.Errorf("got %q", p.Detail)
		}
	}
	if !strings.Contains(log.String(), "the checksum does not fit") {
		t.Errorf("the log does not say what is wrong: %s", log)
	}
}

func TestTheListNamesDamagedRecords(t *testing.T) {
	f, _, _ := withDamage(t, "web-02", "web-01")
	f.call("PUT", "/v1/sessions/db-01", spec1).want(201)
	for _, query := range []string{"", "?state=lost", "?pageSize=1"} {
		if got := decoded[wire.SessionList](f.call("GET", "/v1/sessions"+query, "").want(200)); !slices.Equal(got.Damaged, []string{"web-01", "web-02"}) {
			t.Errorf("%s: got %v", query, got.Damaged)
		}
	}
	if a := newFixture(t).call("GET", "/v1/sessions", ""); strings.Contains(string(a.body), "damaged") {
		t.Errorf("nothing is damaged, and the list says %s", a.body)
	}
}

func TestADamagedRecordIsDiscarded(t *testing.T) {
	f, d, _ := withDamage(t, "web-01")
	f.call("DELETE", "/v1/sessions/web-01?damaged=true", "", "If-Match", `"100"`).problem(412, "precondition_failed", "")
	f.call("DELETE", "/v1/sessions/web-01?damaged=false", "").problem(409, "record_damaged", "")
	if len(d.damage) != 1 {
		t.Fatal("it is gone")
	}
	f.call("DELETE", "/v1/sessions/web-01?damaged=true", "").want(204)
	f.call("GET", "/v1/sessions/web-01", "").problem(404, "session_not_found", "")
	f.call("DELETE", "/v1/sessions/web-01?damaged=true", "").problem(404, "session_not_found", "")
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	f.call("DELETE", "/v1/sessions/web-01?damaged=true", "").problem(409, "record_not_damaged", "")
	if f.stored("web-01").Deleting() {
		t.Error("a sound session was deleted as a damaged one")
	}
}

// A record that is made anew while somebody gives it up is not lost.
func TestAMendedRecordIsNotDiscarded(t *testing.T) {
	f, d, _ := withDamage(t, "web-01", "web-02")
	d.meet = func(name string) {
		if name == "web-02" {
			d.damage[name] = 200 // damaged anew
			d.meet = nil
			return
		}
		delete(d.damage, name)
		if _, err := d.Memory.Create(t.Context(), mirror.Session{Name: name, UID: "u"}); err != nil {
			t.Error(err)
		}
	}
	f.call("DELETE", "/v1/sessions/web-01?damaged=true", "").problem(409, "record_not_damaged", "")
	f.stored("web-01")
	f.call("DELETE", "/v1/sessions/web-02?damaged=true", "").want(204)
}

func TestAFullStoreStillTakesDeletions(t *testing.T) {
	f, d, _ := withDamage(t)
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	d.full = true
	for _, a := range []answer{f.call("PUT", "/v1/sessions/web-02", spec1), f.call("POST", "/v1/sessions", spec1), f.call("POST", "/v1/sessions/web-01:disable", "")} {
		a.problem(507, "store_full", "")
		if !strings.Contains(string(a.body), "deleted") || a.header.Get("Retry-After") != "" {
			t.Errorf("got %v %s", a.header, a.body)
		}
	}
	f.call("DELETE", "/v1/sessions/web-01", "").want(202)
}
