package api

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/journal"
)

// happen puts an event into the history.
func (f *fixture) happen(uid string, kind mirror.EventKind) {
	f.t.Helper()
	if err := f.history.Append(mirror.Event{At: begin, UID: uid, Session: "web-01", Kind: kind, Who: mirror.Vspan, Text: "two\nlines"}); err != nil {
		f.t.Error(err)
	}
}

// listener is a client of a stream, which arrives while it is read.
type listener struct {
	t     *testing.T
	conn  net.Conn
	resp  *http.Response
	lines *bufio.Reader
}

func listen(t *testing.T, p *pipes, target string, headers ...string) *listener {
	t.Helper()
	c := p.dial(t)
	r, err := http.NewRequest("GET", "http://localhost"+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if err := r.Write(c); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), r)
	if err != nil {
		t.Fatal(err)
	}
	return &listener{t, c, resp, bufio.NewReader(resp.Body)}
}

func (l *listener) line() string {
	l.t.Helper()
	line, err := l.lines.ReadString('\n')
	if err != nil {
		l.t.Fatalf("got %q and then %v", line, err)
	}
	return strings.TrimSuffix(line, "\n")
}

// event reads one server-sent event; a comment is passed over.
func (l *listener) event() (id string, e wire.Event) {
	l.t.Helper()
	for line := l.line(); line != "" || id == ""; line = l.line() {
		if text, ok := strings.CutPrefix(line, "id: "); ok {
			id = text
		}
		if text, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(text), &e); err != nil {
				l.t.Fatal(err)
			}
		}
	}
	return id, e
}

func TestFollowingAsServerSentEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.happen("a", mirror.Applying)
		p, stop := serveInMemory(t, f.handler)
		l := listen(t, p, eventsPath)
		if got := l.resp.Header; l.resp.StatusCode != 200 || got.Get("Content-Type") != "text/event-stream" || got.Get("Cache-Control") != "no-store" {
			t.Errorf("got %s, %v", l.resp.Status, got)
		}
		if id, e := l.event(); id != "1" || e.Seq != 0 {
			t.Errorf("at first: got %s, %+v", id, e)
		}
		f.happen("a", mirror.AppliedEvent)
		if id, e := l.event(); id != "2" || e.Seq != 2 || e.Kind != "applied" || e.Message != "two\nlines" {
			t.Errorf("got %s, %+v", id, e)
		}
		begun := time.Now()
		if line := l.line(); line != ":" || time.Since(begun) != heartbeat {
			t.Errorf("got %q after %s", line, time.Since(begun))
		}
		l.line()
		for range 40 { // 10 minutes, of the bubble: longer than any other request may take
			l.line()
			l.line()
		}

		resumed := listen(t, p, eventsPath+"?after=0", "Last-Event-ID", "1")
		resumed.event() // where it is
		if id, _ := resumed.event(); id != "2" {
			t.Errorf("resumed with %s", id)
		}
		for _, each := range []*listener{l, resumed} {
			go func() {
				if rest, err := io.ReadAll(each.lines); err != nil {
					t.Errorf("the stream is cut off rather than ended: %q, %v", rest, err)
				}
			}()
		}
		begun = time.Now()
		if err := stop(); err != nil || time.Since(begun) > time.Second { // the server looks every few milliseconds whether all have left
			t.Errorf("stopped after %s: %v", time.Since(begun), err)
		}
	})
}

func TestFollowingAsLinesOfJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		uid := f.call("PUT", "/v1/sessions/web-01", spec1).want(201).session().UID
		f.happen("other", mirror.Judged)
		p, stop := serveInMemory(t, f.handler)
		l := listen(t, p, eventsPath+"?after=0&session=web-01", "Accept", "application/json;q=0.5, application/x-ndjson")
		f.happen("other", mirror.Judged)
		f.happen(uid, mirror.Judged)
		for _, want := range []uint64{1, 4} {
			var e wire.Event
			if err := json.Unmarshal([]byte(l.line()), &e); err != nil || e.Seq != want || e.UID != uid {
				t.Errorf("got %+v, %v, want %d", e, err, want)
			}
		}
		if line := l.line(); line != "" {
			t.Errorf("in place of a heartbeat: %q", line)
		}
		l.conn.Close()
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestAListenerWhoIsGoneLeaves(t *testing.T) {
	for name, leave := range map[string]func(*listener){
		"closed": func(l *listener) { l.conn.Close() },
		"deaf":   func(*listener) {}, // reads nothing, and is cut off
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				p, stop := serveInMemory(t, f.handler)
				l := listen(t, p, eventsPath)
				l.event()
				leave(l)
				time.Sleep(heartbeat + writeTimeout + time.Second) // of the bubble
				synctest.Wait()
				if text := string(f.call("GET", "/metrics", "").want(200).body); !strings.Contains(text, `vspan_http_requests_total{method="GET",route="/v1/events",status="2xx"} 1`) {
					t.Errorf("the request is not over:\n%s", text)
				}
				l.conn.Close()
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestWhatThereIs(t *testing.T) {
	f := newFixture(t)
	for range 3 {
		f.happen("a", mirror.Judged)
	}
	if got := string(f.call("GET", eventsPath+"?follow=false&after=2", "").want(200).body); !strings.HasPrefix(got, "id: 3\ndata: {\"seq\":3,") || !strings.HasSuffix(got, "}\n\n") {
		t.Errorf("got %q", got)
	}
	a := f.call("GET", eventsPath+"?follow=false", "", "Accept", "application/x-ndjson").want(200)
	if lines := strings.Split(string(a.body), "\n"); len(lines) != 4 || a.header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("got %q as %s", a.body, a.header.Get("Content-Type"))
	}
	if a := f.call("GET", eventsPath+"?follow=false&after=99", "").want(200); !strings.HasPrefix(string(a.body), "id: 1\n") {
		t.Errorf("a number of another history: got %q", a.body)
	}
	f.call("HEAD", eventsPath, "").want(200) // and comes to an end
	for query, field := range map[string]string{
		"?after=-1": "query.after", "?after=x": "query.after", "?follow=perhaps": "query.follow", "?uid=a": "query.uid", "?seq=1": "query.seq",
	} {
		f.call("GET", eventsPath+query, "", "Accept", "text/event-stream").problem(422, "invalid", field)
	}
	f.call("GET", eventsPath, "", "Last-Event-ID", "x").problem(422, "invalid", "header.Last-Event-ID")
	f.call("GET", eventsPath+"?session=web-01", "").problem(404, "session_not_found", "")
	f.call("GET", eventsPath, "", "Accept", "application/json").problem(406, "not_acceptable", "")
	if err := f.history.Close(); err != nil {
		t.Fatal(err)
	}
	f.call("GET", eventsPath, "").problem(503, "not_ready", "")
}

func TestNegotiate(t *testing.T) {
	for accept, want := range map[string]string{
		"": sseMedia, "*/*": sseMedia, "text/event-stream": sseMedia, "text/*;q=0.1": sseMedia,
		"application/x-ndjson": ndjsonMedia, "text/event-stream, application/x-ndjson;q=0.9": ndjsonMedia,
		"application/x-ndjson;q=0, text/event-stream": sseMedia, "application/json": "", "text/event-stream;q=0.0": "", ";;;": "",
	} {
		if got, p := negotiate(accept); got != want || (p == nil) != (want != "") {
			t.Errorf("%q: got %q, %v", accept, got, p)
		}
	}
}

func TestStreamsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		p, stop := serveInMemory(t, f.handler)
		var all []*listener
		for range maxStreams {
			all = append(all, listen(t, p, eventsPath))
		}
		synctest.Wait()
		f.call("GET", eventsPath, "").problem(503, "too_many_streams", "")
		for _, l := range all {
			l.conn.Close()
		}
		synctest.Wait()
		if l := listen(t, p, eventsPath); l.resp.StatusCode != 200 {
			t.Errorf("when all have left: %s", l.resp.Status)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestASlowListenerSeesTheGap(t *testing.T) {
	history, err := journal.Open("", journal.Options{MaxEvents: 4, SuccessesPerSession: 4})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(o *Options) { o.History = history })
		f.history = history
		p, stop := serveInMemory(t, f.handler)
		l := listen(t, p, eventsPath)
		l.event()
		for range 2000 { // more than fits into what is buffered on the way
			f.happen("a", mirror.Judged)
		}
		gaps, last := 0, 0
		for last < 2000 {
			id, e := l.event()
			if int(e.Seq) != last+1 {
				gaps++
			}
			last = int(e.Seq)
			if id != fmt.Sprint(last) {
				t.Fatalf("id %s of event %d", id, last)
			}
		}
		if gaps == 0 || history.Counts().Lost == 0 {
			t.Errorf("%d gaps, %+v", gaps, history.Counts())
		}
		l.conn.Close()
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
