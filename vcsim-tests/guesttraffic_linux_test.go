package vcsimtests

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// page is what the guests' web servers answer; it takes many segments.
var page = strings.Repeat("<p>what a guest downloads</p>\n", 2000)

// serve runs a web server on the guest for the length of the test.
func (g *guest) serve(t *testing.T) {
	t.Helper()
	listener, err := g.ns.listen(g.address + ":80")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, page) // the client is gone at the end of the test
	})}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the guest's web server: %v", err)
		}
	})
}

// downloads counts what a guest fetched from another one.
type downloads struct {
	done   atomic.Int64
	mu     sync.Mutex
	failed error // the last failure
}

func (d *downloads) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return fmt.Sprintf("%d downloads, last failure: %v", d.done.Load(), d.failed)
}

// talkTo pings another guest and downloads from it, over and over, for the length of the test.
func (g *guest) talkTo(t *testing.T, peer *guest) *downloads {
	t.Helper()
	start(t, exec.Command("ping", "-i", "0.2", peer.address), g.ns.launch)
	d := new(downloads)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			if err := g.download(ctx, peer); err == nil {
				d.done.Add(1)
			} else {
				d.mu.Lock()
				d.failed = err
				d.mu.Unlock()
			}
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond): // the guest's pace
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return d
}

// download fetches the peer's page over a connection of its own.
func (g *guest) download(ctx context.Context, peer *guest) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := g.ns.dial(ctx, "tcp", peer.address+":80")
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+peer.address+"/", nil)
	if err != nil {
		return err
	}
	if err := r.Write(conn); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && string(body) != page {
		err = fmt.Errorf("got %d bytes that are not the page", len(body))
	}
	return err
}
