package journal

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vspan-io/vspan/mirror"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		os.Exit(appendForever(dir))
	}
	goleak.VerifyTestMain(m)
}

var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// success and failure are events of a session.
func success(uid string) mirror.Event {
	return mirror.Event{At: begin, UID: uid, Session: "web-01", Kind: mirror.AppliedEvent, Who: mirror.Vspan, Switch: "DVS0", Text: "it stands"}
}

func failure(uid string) mirror.Event {
	e := success(uid)
	e.Kind, e.Failure, e.Text = mirror.NotAppliedEvent, true, "vCenter refused"
	return e
}

func open(t *testing.T, dir string, o Options) *Journal {
	t.Helper()
	j, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

func appendTo(t *testing.T, j *Journal, events ...mirror.Event) {
	t.Helper()
	if err := j.Append(events...); err != nil {
		t.Fatal(err)
	}
}

// reopen closes a journal and opens it again.
func reopen(t *testing.T, j *Journal, dir string, o Options) *Journal {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, dir, o)
}
