package vcsimtests

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/capture/pcapng"
	"github.com/vspan-io/vspan/mirror/receive"
)

// reader is one who captures, on a connection of his own.
type reader struct {
	t    *testing.T
	resp *http.Response
}

// capture begins to capture and returns when the answer has begun.
func (w *world) capture(t *testing.T, session string, query url.Values) *reader {
	t.Helper()
	r := &reader{t: t}
	transport := &http.Transport{DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/v1/sessions/"+session+"/packets?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.resp, err = (&http.Client{Transport: transport}).Do(request); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.resp.Body.Close() }) // what is still to come is not wanted
	if r.resp.StatusCode != http.StatusOK {
		b, err := io.ReadAll(r.resp.Body)
		t.Fatalf("%s: %s %v", r.resp.Status, b, err)
	}
	return r
}

// rest reads to the end, which must be one.
func (r *reader) rest() []byte {
	r.t.Helper()
	b, err := io.ReadAll(r.resp.Body)
	if err != nil {
		r.t.Fatalf("cut off after %d bytes: %v", len(b), err)
	}
	return b
}

// shark runs a program of Wireshark's on a file. It skips the test where there is none.
func shark(t *testing.T, file []byte, name string, args ...string) string {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("needs %s", name)
	}
	path := filepath.Join(t.TempDir(), "capture")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	cmd := exec.Command(program, append(args, path)...)
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, &complaints)
	}
	return string(out)
}

// wholeFile fails the test unless b is a pcapng file that is complete.
func wholeFile(t *testing.T, b []byte) {
	t.Helper()
	if n, err := pcapng.Whole(bytes.NewReader(b)); err != nil || n != int64(len(b)) || n == 0 {
		t.Fatalf("%d of %d bytes are whole blocks, %v", n, len(b), err)
	}
}

// TestCapture: what a VM says is there for tshark, on two interfaces that are named after its NIC, and only what the filter picks.
func TestCapture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	b := w.capture(t, "web-01", url.Values{"packets": {"20"}, "filter": {"tcp port 80"}, "duration": {"30s"}}).rest()
	wholeFile(t, b)
	info := shark(t, b, "capinfos")
	for _, want := range []string{
		"Number of interfaces in file: 2", "Name = web-01 Network adapter 1 from-vm", "Name = web-01 Network adapter 1 to-vm",
		"Number of packets:   20", "Time precision = nanoseconds (9)", "Filter string = tcp port 80", "Capture comment:     session web-01",
	} {
		if !strings.Contains(info, want) {
			t.Errorf("capinfos does not say %q:\n%s", want, info)
		}
	}
	comments := shark(t, b, "tshark", "-n", "-T", "fields", "-e", "frame.comment", "-e", "frame.packet_flags_direction", "-r")
	if !strings.Contains(comments, "mirrored by host ") || !strings.Contains(comments, "0x00000001") || !strings.Contains(comments, "0x00000002") {
		t.Errorf("comments and directions:\n%s", comments)
	}
	if others := shark(t, b, "tshark", "-n", "-Y", "!tcp.port == 80", "-r"); others != "" {
		t.Errorf("not what the filter picks:\n%s", others)
	}
}

// TestCaptureIsRefused: with the place in the expression, and before anything is captured.
func TestCaptureIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.applied("web-01", mirrorOf("web-01"))
	packets := func(query string) answer { return w.do(http.MethodGet, "/v1/sessions/web-01/packets?"+query, nil) }
	p := w.problem(packets("filter="+url.QueryEscape("tcp port eighty-one")), http.StatusBadRequest, "bad_filter")
	if !strings.Contains(p.Detail, "at byte 9") {
		t.Errorf("the place is missing: %+v", p)
	}
	p = w.problem(packets("filter="+strings.Repeat("a", 64<<10+1)), http.StatusBadRequest, "bad_filter")
	if !strings.Contains(p.Detail, "use net and portrange instead") {
		t.Errorf("no advice: %+v", p)
	}
	w.problem(packets("filtre=tcp"), http.StatusUnprocessableEntity, "invalid")
	w.problem(w.do(http.MethodGet, "/v1/sessions/no%2Fname/packets", nil), http.StatusNotFound, "session_not_found")
	denied := newWorld(t, func(s *setup) { s.daemon.Payload = false })
	denied.applied("web-01", mirrorOf("web-01"))
	denied.problem(denied.do(http.MethodGet, "/v1/sessions/web-01/packets", nil), http.StatusForbidden, "payload_not_allowed")
}

// TestCaptureEndsComplete: when its session is deleted, and when the daemon stops; both are told of.
func TestCaptureEndsComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	w.delivering("db-01", mirrorOf("db-01"))
	one, other := w.capture(t, "web-01", nil), w.capture(t, "db-01", url.Values{"format": {"pcap"}})
	w.remove("web-01")
	wholeFile(t, one.rest())
	if why := one.resp.Trailer.Get("Vspan-Ended"); why != "the session has ended" {
		t.Errorf("it ended because %q", why)
	}
	events := read[wire.EventList](w.server, w.want(w.do(http.MethodGet, "/v1/sessions/db-01/events", nil), http.StatusOK))
	if !strings.Contains(fmt.Sprint(events), "payload_opened") {
		t.Errorf("the history says nothing of the capture: %+v", events)
	}
	var read sync.WaitGroup
	read.Go(func() {
		if b, err := io.ReadAll(other.resp.Body); err != nil || len(b) < 24 {
			t.Errorf("%d bytes, %v", len(b), err)
		}
	})
	w.stop()
	read.Wait()
	if why := other.resp.Trailer.Get("Vspan-Ended"); why != "the server stops" {
		t.Errorf("it ended because %q", why)
	}
}

// TestCaptureOfAGap: what the mirror lost is a comment on the packet behind it, and does not stand in the way of reading the rest.
func TestCaptureOfAGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	r := w.capture(t, "web-01", url.Values{"packets": {"200"}, "duration": {"20s"}})
	w.act(w.sim.Loss(0.2))
	b := r.rest()
	wholeFile(t, b)
	if !bytes.Contains(b, []byte("lost before this one")) {
		t.Error("no packet has a comment about what is missing before it")
	}
}

// TestSlowReaders: ten who read nothing of much cost themselves frames, and the receiver none.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	const slow, flood, ahead = 10, 40_000, 2000
	pair := receive.NewPair(receive.PairOptions{})
	var large atomic.Pointer[[]byte] // a mirror packet of the simulator's
	var given atomic.Uint64          // packets, to the receiver
	w := newWorld(t, func(s *setup) {
		s.daemon.Receiver.Source = pair
		s.sim.Memory = func(packet []byte) {
			if fragment := packet[6]&0x3F | packet[7]; len(packet) > 1000 && fragment == 0 {
				large.Store(new(bytes.Clone(packet)))
			}
			pair.Inject(time.Now(), packet)
			given.Add(1)
		}
	})
	w.delivering("web-01", mirrorOf("web-01"))
	await(t, soon, "a large packet is mirrored", func() (bool, string) { return large.Load() != nil, "none" })
	var readers []*reader
	for range slow {
		readers = append(readers, w.capture(t, "web-01", nil))
	}
	before := pair.Counters()
	for range flood / ahead {
		for range ahead {
			pair.Inject(time.Now(), *large.Load())
		}
		all := given.Add(ahead)
		await(t, soon, "the receiver goes on", func() (bool, string) {
			c := pair.Counters()
			return c.Packets+c.BufferDrops >= all, fmt.Sprintf("%d of %d", c.Packets, all)
		})
	}
	if c := pair.Counters(); c.BufferDrops != before.BufferDrops {
		t.Errorf("the receiver lost %d packets", c.BufferDrops-before.BufferDrops)
	}
	wholeFile(t, w.capture(t, "web-01", url.Values{"packets": {"50"}, "duration": {"30s"}}).rest())
	for _, r := range readers {
		_ = r.resp.Body.Close() // in the middle, as is meant
	}
	lost := regexp.MustCompile(`, [1-9]\d* lost,`)
	await(t, soon, "the history tells what each of them lost", func() (bool, string) {
		events := read[wire.EventList](w.server, w.want(w.do(http.MethodGet, "/v1/sessions/web-01/events", nil), http.StatusOK))
		told := 0
		for _, e := range events.Items {
			if e.Kind == "payload_closed" && lost.MatchString(e.Message) {
				told++
			}
		}
		return told == slow, fmt.Sprintf("%d of them: %+v", told, events)
	})
}
