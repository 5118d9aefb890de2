package receive

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"
	"time"
)

// openIn opens a source in a namespace.
func openIn(t *testing.T, ns namespace, source Source) {
	t.Helper()
	ns.Must(t, source.Open)
}

// sink is a source that runs in a namespace.
type sink struct {
	t      *testing.T
	source Source
	ended  chan error

	mu   sync.Mutex
	more *sync.Cond
	got  []kept
}

// runIn runs an opened source in the namespace until the test is over.
func runIn(t *testing.T, ns namespace, source Source) *sink {
	t.Helper()
	r := &sink{t: t, source: source, ended: make(chan error, 1)}
	r.more = sync.NewCond(&r.mu)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { r.ended <- ns.Do(func() error { return source.Run(ctx, Each(r.handle)) }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-r.ended; err != nil {
			t.Errorf("run: %v", err)
		}
		checkSum(t, source.Counters())
	})
	return r
}

func (r *sink) handle(d *Datagram) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keep(&r.got)(0).Take([]Datagram{*d})
	r.more.Broadcast()
}

// patience is far above what any delivery takes, so that a busy machine does not
// fail a test.
const patience = 10 * time.Second

// take waits for the datagram that is last, and returns all before it. The order
// of arrival is that of sending, so that what has not come by then never will.
func (r *sink) take(last []byte) []kept {
	r.t.Helper()
	isLast := func(k kept) bool { return bytes.Equal(k.Payload, last) }
	all := r.until(func() bool { return slices.ContainsFunc(r.got, isLast) })
	return all[:slices.IndexFunc(all, isLast)]
}

// first waits for n datagrams and returns them.
func (r *sink) first(n int) []kept {
	r.t.Helper()
	return r.until(func() bool { return len(r.got) >= n })[:n]
}

// until waits for what has been received to be enough, and returns it.
func (r *sink) until(enough func() bool) []kept {
	r.t.Helper()
	late := false
	deadline := time.AfterFunc(patience, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		late = true
		r.more.Broadcast()
	})
	defer deadline.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for !enough() {
		if late {
			r.t.Fatalf("not enough has come, %d datagrams: %+v", len(r.got), r.source.Counters())
		}
		r.more.Wait()
	}
	return slices.Clone(r.got)
}

// fence is sent behind what a test sends, so that it can tell that all has come.
var fence = append(append([]byte(nil), greHeader...), "the last one"...)

func fence4() []byte { return ipv4(v4a, v4b, 47, part{}, fence) }
