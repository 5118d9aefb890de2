package demo

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/cmd/vspan/daemon"
	"github.com/vspan-io/vspan/vcenter/sim"
)

func TestDemoHolds(t *testing.T) {
	var out bytes.Buffer
	err := Run(t.Context(), Options{Out: &out, Once: true, Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		"web-01-gre is delivering", "web-02-erspan2 is delivering", "db-01-erspan3 is delivering",
		"GET /", "HTTP/1.1 200", "proved: a probe to client-01", "web-01-gre is lost (was_delivering_stopped)", "db-01-erspan3 is disabled", "Every step held",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not say %q\n%s", want, out.String())
		}
	}
}

// A demo that cannot fail shows nothing: with every mirror packet lost the first session must not be said to deliver.
func TestDemoNoticesThatNothingArrives(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	err := Run(ctx, Options{
		Out: &out, Once: true, Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler),
		setStage: func(simOptions *sim.Options, receiver *daemon.Receiver) string {
			medium := memory(simOptions, receiver)
			simOptions.Memory = func([]byte) {}
			return medium
		},
		patience: 2 * time.Second,
	})
	if err == nil || !strings.Contains(err.Error(), "did not come to being delivered in both directions") {
		t.Errorf("got %v\n%s", err, out.String())
	}
}

// Linux gives process ids below 2^22: each has a loopback address, and none of them is the one that everybody uses.
func TestCollectorIsLoopback(t *testing.T) {
	for _, pid := range []int{0, 1, 255, 65535, 65536, 1<<22 - 1} {
		if a := collector(pid); !a.IsLoopback() || a.As4()[1] < 64 || a.As4()[1] > 127 {
			t.Errorf("process %d: %s", pid, a)
		}
	}
	if collector(1<<22-1) == collector(1<<21-1) {
		t.Error("two processes share an address")
	}
}

func TestDemoInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, once := range []bool{true, false} {
		err := Run(ctx, Options{Out: &bytes.Buffer{}, Once: once, Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
		if once != (err != nil) || errors.Is(err, context.Canceled) {
			t.Errorf("once=%v: got %v", once, err)
		}
	}
}

func TestDemoInMemory(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("as an ordinary user TestDemoHolds goes through memory already")
	}
	t.Parallel()
	var out bytes.Buffer
	err := Run(t.Context(), Options{Out: &out, Once: true, Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), setStage: memory})
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
}
