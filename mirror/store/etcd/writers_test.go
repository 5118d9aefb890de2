package etcd

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror/store"
)

// elect waits until a store's daemon is the writer of "x".
func elect(t *testing.T, s *Store) store.Tenure {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tenure, err := s.Campaign(ctx, "x")
	if err != nil {
		t.Fatal(err)
	}
	return tenure
}

// TestKilledWriterIsReplaced within 10 s.
func TestKilledWriterIsReplaced(t *testing.T) {
	t.Parallel()
	e, _ := external(t)
	s := connect(t, e)
	first := start(t, task{External: &e, Thing: "x"}, "elected")
	first.kill()
	began := time.Now()
	elect(t, s)
	took := time.Since(began)
	if took > 10*time.Second {
		t.Errorf("replaced after %v", took)
	}
	t.Logf("replaced after %v", took)
}

// TestPausedWriterKnowsBetter (failure 16): one that was stopped for longer than its term is told so when it wakes up.
func TestPausedWriterKnowsBetter(t *testing.T) {
	t.Parallel()
	e, _ := external(t)
	s := connect(t, e)
	first := start(t, task{External: &e, Thing: "x"}, "elected")
	ask := func() string {
		if _, err := fmt.Fprintln(first.in); err != nil {
			t.Fatal(err)
		}
		answer, err := first.out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if answer := ask(); !strings.HasPrefix(answer, "lasts, <nil>") {
		t.Errorf("before: %s", answer)
	}
	if err := first.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	elect(t, s)
	if err := first.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if answer := ask(); !strings.Contains(answer, store.ErrNotWriter.Error()) {
		t.Errorf("Confirm, when it wakes up: %s", answer)
	}
	time.Sleep(500 * time.Millisecond) // for its timer to be late in
	if answer := ask(); !strings.HasPrefix(answer, "lost,") {
		t.Errorf("Lost, half a second later: %s", answer)
	}
}

// TestTenureEndsWithoutEtcd: who cannot reach etcd is not the writer any more once the term is over, and no later.
func TestTenureEndsWithoutEtcd(t *testing.T) {
	t.Parallel()
	e, other := external(t)
	s := connect(t, e)
	tenure := elect(t, s)
	other.kill()
	began := time.Now()
	select {
	case <-tenure.Lost():
		if took := time.Since(began); took > term {
			t.Errorf("lost after %v", took)
		}
	case <-time.After(2 * term):
		t.Error("not lost")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if tenure.Confirm(ctx) == nil {
		t.Error("confirmed by nobody")
	}
}

// TestTenureOutlastsItsTerm: a writer that lives remains it.
func TestTenureOutlastsItsTerm(t *testing.T) {
	t.Parallel()
	s := openAt(t, t.TempDir(), Options{Daemon: "a"})
	tenure := elect(t, s)
	select {
	case <-tenure.Lost():
		t.Error("lost")
	case <-time.After(term + term/2):
	}
	if err := tenure.Confirm(t.Context()); err != nil {
		t.Error(err)
	}
}
