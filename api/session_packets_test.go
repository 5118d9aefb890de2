package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// fakePackets captures what a test sends: text instead of a file.
type fakePackets struct {
	err    error
	asked  CaptureQuery // by the last one who captured
	frames chan string
	gone   chan struct{} // closed when the session is no more
	open   atomic.Int32  // captures that were not closed
}

func newFakePackets() *fakePackets {
	return &fakePackets{frames: make(chan string), gone: make(chan struct{})}
}

func (f *fakePackets) Capture(q CaptureQuery) (Capture, error) {
	f.asked = q
	if f.err != nil {
		return nil, f.err
	}
	f.open.Add(1)
	return &fakeCapture{of: f}, nil
}

type fakeCapture struct {
	of     *fakePackets
	counts CaptureCounts
}

func (c *fakeCapture) Begin(b []byte, _ time.Time) []byte { return append(b, "begin\n"...) }
func (c *fakeCapture) End(b []byte, _ time.Time) []byte   { return append(b, "end\n"...) }
func (c *fakeCapture) Counts() CaptureCounts              { return c.counts }
func (c *fakeCapture) Close()                             { c.of.open.Add(-1) }

func (c *fakeCapture) Next(ctx context.Context, within time.Duration, b []byte) ([]byte, error) {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case text := <-c.of.frames:
		c.counts.Packets++
		c.counts.Bytes += uint64(len(text))
		return append(b, text...), nil
	case <-timer.C:
		return b, nil
	case <-c.of.gone:
		return b, ErrSessionGone
	case <-ctx.Done():
		return b, ctx.Err()
	}
}

// capturing is a fixture with a session web-01 and a fake that captures.
func capturing(t *testing.T, change ...func(*Options)) (*fixture, *fakePackets) {
	t.Helper()
	packets := newFakePackets()
	f := newFixture(t, append([]func(*Options){func(o *Options) { o.Payload, o.Packets = true, packets }}, change...)...)
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	return f, packets
}

const packetsPath = "/v1/sessions/web-01/packets"

// shown are the events of web-01 about payload, the newest first.
func (f *fixture) shown() []wire.Event {
	f.t.Helper()
	var events []wire.Event
	for _, e := range decoded[wire.EventList](f.call("GET", "/v1/sessions/web-01/events", "").want(200)).Items {
		if strings.HasPrefix(e.Kind, "payload_") {
			events = append(events, e)
		}
	}
	return events
}

func TestACaptureComesAsItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, packets := capturing(t)
		p, stop := serveInMemory(t, f.handler)
		l := listen(t, p, packetsPath+"?filter="+url.QueryEscape("tcp port 80")+"&direction=from-vm&snaplen=128&packets=9&outer=true")
		h := l.resp.Header
		if l.resp.StatusCode != 200 || h.Get("Content-Type") != pcapngMedia || h.Get("Content-Encoding") != "" || h.Get("Content-Disposition") != `attachment; filename="web-01.pcapng"` {
			t.Errorf("got %s, %v", l.resp.Status, h)
		}
		if line := l.line(); line != "begin" {
			t.Errorf("at first %q", line)
		}
		time.Sleep(10 * time.Minute) // of the bubble: longer than any other request may take
		packets.frames <- "one\n"
		if line := l.line(); line != "one" {
			t.Errorf("then %q", line)
		}
		if q := packets.asked; q.Session.Name != "web-01" || q.Filter.String() != "tcp port 80" || q.Direction != mirror.FromVM || q.SnapLength != 128 || q.Packets != 9 || !q.Outer || q.PCAP {
			t.Errorf("asked for %+v", q)
		}
		close(packets.gone)
		rest, err := io.ReadAll(l.lines)
		if err != nil || string(rest) != "end\n" {
			t.Errorf("at the end %q, %v", rest, err)
		}
		if tr := l.resp.Trailer; tr.Get(packetsTrailer) != "1" || tr.Get(lostTrailer) != "0" || tr.Get(endedTrailer) != "the session has ended" {
			t.Errorf("trailers %v", tr)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		metrics := string(f.call("GET", "/metrics", "").body)
		for _, want := range []string{"vspan_captures 0\n", "vspan_capture_packets_total 1\n", "vspan_capture_bytes_total 4\n", "vspan_capture_lost_frames_total 0\n"} {
			if !strings.Contains(metrics, want) {
				t.Errorf("the metrics do not say %q", want)
			}
		}
		events := f.shown()
		if len(events) != 2 || packets.open.Load() != 0 {
			t.Fatalf("%d captures are open; events: %+v", packets.open.Load(), events)
		}
		for i, want := range []string{"1 packets, 4 bytes, 0 lost, in 10m0s: the session has ended", `capture for pipe, filter "tcp port 80", from-vm, 128 bytes of each frame, outer packets`} {
			if e := events[i]; !strings.Contains(e.Message, want) || e.Who != nobody || e.Kind != [...]string{"payload_closed", "payload_opened"}[i] {
				t.Errorf("got %+v, want %q", e, want)
			}
		}
	})
}

func TestACaptureEndsComplete(t *testing.T) {
	for name, c := range map[string]struct {
		query string
		do    func(f *fixture, stop func() error)
		after time.Duration
		why   string
	}{
		"its time":             {"?duration=90s", nil, 90 * time.Second, "the time asked for is over"},
		"the server stops":     {"", func(_ *fixture, stop func() error) { _ = stop() }, 0, "the server stops"},
		"the session expires":  {"", func(f *fixture, _ func() error) { f.pass(2 * time.Hour) }, lookAgain, "the session has ended"},
		"the session is gone":  {"", func(f *fixture, _ func() error) { f.call("DELETE", "/v1/sessions/web-01", "").want(202) }, lookAgain, "the session has ended"},
		"pcap, and long quiet": {"?duration=5m&format=pcap", nil, 5 * time.Minute, "the time asked for is over"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, _ := capturing(t)
				p, stop := serveInMemory(t, f.handler)
				l := listen(t, p, packetsPath+c.query)
				l.line()
				begun := time.Now()
				if c.do != nil {
					go c.do(f, stop)
				}
				rest, err := io.ReadAll(l.lines)
				if err != nil || string(rest) != "end\n" || l.resp.Trailer.Get(endedTrailer) != c.why || time.Since(begun) != c.after {
					t.Errorf("after %s: %q, %v, %v", time.Since(begun), rest, err, l.resp.Trailer)
				}
				if c.why == "the server stops" {
					time.Sleep(time.Second) // of the bubble: it has stopped then
					return
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A reader that reads nothing is cut off, and the place is free again.
func TestAReaderThatNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, packets := capturing(t)
		p, stop := serveInMemory(t, f.handler)
		c := p.dial(t)
		defer c.Close()
		if _, err := c.Write([]byte("GET " + packetsPath + " HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		synctest.Wait()
		if packets.open.Load() != 1 {
			t.Fatal("it did not begin")
		}
		for packets.open.Load() != 0 && time.Since(begun) < time.Hour {
			time.Sleep(time.Second) // of the bubble
		}
		if took := time.Since(begun); took > writeTimeout+time.Second {
			t.Errorf("cut off after %s", took)
		}
		synctest.Wait()
		if events := f.shown(); len(events) != 2 || !strings.Contains(events[0].Message, "not read for too long") && !strings.Contains(events[0].Message, "has left") {
			t.Errorf("events %+v", events)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestCapturesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, packets := capturing(t)
		p, stop := serveInMemory(t, f.handler)
		var all []*listener
		for range maxCaptures {
			l := listen(t, p, packetsPath)
			l.line()
			all = append(all, l)
		}
		resp, body := p.exchange(t, "GET", packetsPath, "")
		if resp.StatusCode != 503 || !strings.Contains(body, `"code":"too_many_captures"`) || !strings.Contains(body, "32") {
			t.Errorf("got %s: %s", resp.Status, body)
		}
		if resp, _ := p.exchange(t, "HEAD", packetsPath, ""); resp.StatusCode != 200 {
			t.Errorf("HEAD: %s", resp.Status)
		}
		if err := all[0].conn.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second) // of the bubble: it is noticed
		listen(t, p, packetsPath).line()
		if n := packets.open.Load(); n != maxCaptures {
			t.Errorf("%d captures", n)
		}
		close(packets.gone)
		for _, l := range all[1:] {
			if _, err := io.ReadAll(l.lines); err != nil {
				t.Error(err)
			}
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestHeadOfACapture(t *testing.T) {
	f, packets := capturing(t)
	a := f.call("HEAD", packetsPath+"?format=pcap", "").want(200)
	if a.header.Get("Content-Type") != pcapMedia || len(a.body) != 0 || packets.open.Load() != 0 || len(f.shown()) != 0 {
		t.Errorf("got %v, %q", a.header, a.body)
	}
}

func TestCapturesRefused(t *testing.T) {
	long := url.QueryEscape(strings.Repeat("host 10.0.0.1 or ", 64<<10/17+1))
	for _, c := range []struct {
		query  string
		status int
		code   string
		field  string
		says   string
	}{
		{"?filter=tcp+prot+80", 400, "bad_filter", "query.filter", "at byte 4"},
		{"?filter=%28tcp", 400, "bad_filter", "query.filter", "at byte 4"},
		{"?filter=%00%1b", 400, "bad_filter", "query.filter", "at byte 0"},
		{"?filter=" + long, 400, "bad_filter", "", "bytes"},
		{"?direction=in", 422, "invalid", "query.direction", ""},
		{"?snaplen=-1", 422, "invalid", "query.snaplen", ""},
		{"?snaplen=262145", 422, "invalid", "query.snaplen", ""},
		{"?duration=soon", 422, "invalid", "query.duration", ""},
		{"?duration=0s", 422, "invalid", "query.duration", ""},
		{"?duration=-1s", 422, "invalid", "query.duration", ""},
		{"?packets=-1", 422, "invalid", "query.packets", ""},
		{"?packets=99999999999999999999", 422, "invalid", "query.packets", ""},
		{"?format=erf", 422, "invalid", "query.format", ""},
		{"?outer=perhaps", 422, "invalid", "query.outer", ""},
		{"?filtre=tcp", 422, "invalid", "query.filtre", ""},
		{"?filter", 422, "invalid", "query.filter", ""},
		{"?packets=1&packets=2", 422, "invalid", "query.packets", ""},
	} {
		f, packets := capturing(t)
		a := f.call("GET", packetsPath+c.query, "")
		a.problem(c.status, c.code, c.field)
		if !strings.Contains(string(a.body), c.says) {
			t.Errorf("%.60s: does not say %q: %s", c.query, c.says, a.body)
		}
		if packets.open.Load() != 0 || len(f.shown()) != 0 {
			t.Errorf("%.60s: it was captured all the same", c.query)
		}
	}
}

func TestCapturesOfWhatIsNotThere(t *testing.T) {
	f, packets := capturing(t)
	f.call("GET", "/v1/sessions/nobody/packets", "").problem(404, "session_not_found", "")
	f.call("GET", "/v1/sessions/web%2F01/packets", "").problem(404, "session_not_found", "")
	f.call("GET", "/v1/sessions/..%2f..%2fetc/packets", "").problem(404, "session_not_found", "")
	f.call("POST", packetsPath, "").problem(405, "method_not_allowed", "")
	f.call("PUT", "/v1/sessions/out", `{"spec":{"sources":[{"vm":"web-01"}],"destination":{"addresses":["10.9.9.9"]}}}`).want(201)
	f.call("GET", "/v1/sessions/out/packets", "").problem(409, "not_received_here", "")
	packets.err = &NotReceivingError{"no CAP_NET_RAW"}
	if a := f.call("GET", packetsPath, ""); !strings.Contains(string(a.body), "no CAP_NET_RAW") {
		t.Errorf("got %s", a.body)
	} else {
		a.problem(503, "not_receiving", "")
	}
	packets.err = errors.New("a secret of the inside")
	if a := f.call("GET", packetsPath, ""); strings.Contains(string(a.body), "secret") {
		t.Errorf("got %s", a.body)
	} else {
		a.problem(500, "internal", "")
	}
	f.call("DELETE", "/v1/sessions/web-01", "").want(202)
	f.call("GET", packetsPath, "").problem(409, "session_removing", "")

	f, _ = capturing(t)
	f.board.Place(f.stored("web-01").UID, mirror.Placement{Elsewhere: true}, begin)
	f.call("GET", packetsPath, "").problem(409, "not_received_here", "")
	f.pass(24 * time.Hour)
	f.call("GET", packetsPath, "").problem(409, "session_expired", "")

	f, _ = capturing(t, func(o *Options) { o.Packets = nil })
	f.call("GET", packetsPath, "").problem(409, "not_received_here", "")
}

func TestPayloadDenied(t *testing.T) {
	f, packets := capturing(t, func(o *Options) { o.Payload = false })
	for _, path := range []string{packetsPath, "/v1/sessions/nobody/packets"} {
		if a := f.call("GET", path, ""); !strings.Contains(string(a.body), "payload: allow") || !strings.Contains(string(a.body), "--payload allow") {
			t.Errorf("does not say how to allow it: %s", a.body)
		} else {
			a.problem(403, "payload_not_allowed", "")
		}
	}
	if packets.asked.Session.Name != "" || len(f.shown()) != 0 {
		t.Error("it was captured all the same")
	}
}

// forgetful is a history that cannot be written.
type forgetful struct{ noHistory }

func (forgetful) Append(...mirror.Event) error { return errors.New("the disk is full") }

func TestWhatCannotBeRecordedIsNotShown(t *testing.T) {
	f, packets := capturing(t, func(o *Options) { o.History = forgetful{} })
	f.call("GET", packetsPath, "").problem(503, "not_recorded", "")
	if packets.open.Load() != 0 {
		t.Error("the capture was not closed")
	}
}

// Long filters arrive, though they are longer than any other URL.
func TestALongFilterArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, packets := capturing(t)
		p, stop := serveInMemory(t, f.handler)
		expression := strings.Repeat("host 10.0.0.1 or ", 3000) + "arp"
		l := listen(t, p, packetsPath+"?filter="+url.QueryEscape(expression))
		l.line()
		if packets.asked.Filter.String() != expression || l.resp.StatusCode != 200 {
			t.Errorf("got %s", l.resp.Status)
		}
		c := p.dial(t)
		go func() {
			// Refused, or cut off, before its end: the error of the rest is of no interest.
			_, _ = c.Write([]byte("GET " + packetsPath + "?filter=" + strings.Repeat("%20", 64<<10) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		}()
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("got %v, %v", resp, err)
		}
		_ = c.Close() // whether or not the server did it first
		close(packets.gone)
		if _, err := io.ReadAll(l.lines); err != nil {
			t.Error(err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if got := f.shown()[1].Message; len(got) > 300 || !strings.Contains(got, "…") {
			t.Errorf("told at length: %s", strconv.Quote(got))
		}
	})
}
