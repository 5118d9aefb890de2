package http1

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
	"time"
)

var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func zipped(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func one(t *testing.T, c *Connection) Exchange {
	t.Helper()
	all := c.Exchanges()
	if len(all) != 1 {
		t.Fatalf("%d exchanges: %+v", len(all), all)
	}
	return all[0]
}

func get(target string) []byte {
	return []byte("GET " + target + " HTTP/1.1\r\nHost: www.example\r\n\r\n")
}

// Where messages are cut does not matter.
func TestAnyCut(t *testing.T) {
	z := zipped(t, 5000)
	answer := fmt.Appendf(nil, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(z), z)
	for n := 1; n < len(answer); n++ {
		c := NewConnection(Limits{Body: 10})
		request := get("/x")
		c.Client(began, request[:min(n, len(request))], 0)
		c.Client(began, request[min(n, len(request)):], 0)
		c.Server(began.Add(time.Second), answer[:n], 0)
		c.Server(began.Add(2*time.Second), answer[n:], 0)
		e := one(t, c)
		if e.Request.Method != "GET" || e.Request.Target != "/x" || e.Request.Host != "www.example" || e.Request.End.IsZero() {
			t.Fatalf("cut at %d: %+v", n, e.Request)
		}
		r := e.Response
		if r.Status != 200 || r.BodyBytes != uint64(len(z)) || r.DecodedBytes != 5000 || r.DecodedPartly || len(r.Body) != 10 || r.End != began.Add(2*time.Second) {
			t.Fatalf("cut at %d: %+v", n, r)
		}
	}
}

func TestBodiesAreHandedOverOnlyWhenAsked(t *testing.T) {
	c := NewConnection(Limits{})
	c.Client(began, get("/"), 0)
	c.Server(began, []byte("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"), 0)
	if e := one(t, c); e.Response.Body != nil || e.Response.DecodedBytes != 6 {
		t.Errorf("%+v", e.Response)
	}
}

func TestBombGoesOffNoFurther(t *testing.T) {
	bomb := zipped(t, 50<<20)
	c := NewConnection(Limits{Decoded: 1 << 20, Body: 100})
	c.Client(began, get("/"), 0)
	c.Server(began, fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", len(bomb)), 0)
	c.Server(began, bomb, 0)
	if r := one(t, c).Response; r.DecodedBytes != 1<<20 || !r.DecodedPartly || len(r.Body) != 100 {
		t.Errorf("%d decoded, partly %v, %d handed over", r.DecodedBytes, r.DecodedPartly, len(r.Body))
	}
}

func TestGaps(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
	for _, c := range []struct {
		name             string
		feed             func(*Connection)
		targets          string // of requests with their status
		missing, decoded uint64
	}{
		{"within a body", func(c *Connection) {
			c.Client(began, get("/a"), 0)
			c.Server(began, []byte(head), 0)
			c.Server(began, make([]byte, 40), 60)
			c.Client(began, get("/b"), 0)
			c.Server(began, []byte("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), 0)
		}, "/a 200, /b 404", 60, 40},
		{"over the end of a body and another answer", func(c *Connection) {
			c.Client(began, get("/a"), 0)
			c.Server(began, []byte(head), 0)
			c.Client(began, get("/b"), 0)
			c.Client(began, get("/c"), 0)
			c.piped = false // they were sent one after the other's answer, which was not seen
			c.Server(began, []byte("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), 500)
		}, "/a 200, /b 0, /c 404", 100, 0},
		{"of a client that does not wait", func(c *Connection) {
			c.Client(began, get("/a"), 0)
			c.Client(began, get("/b"), 0)
			c.Server(began, []byte(head), 0)
			c.Server(began, []byte("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), 500)
		}, "/a 200, /b 0,  404", 100, 0},
		{"the request", func(c *Connection) {
			c.Client(began, nil, 300)
			c.Server(began, []byte(head), 0)
			c.Server(began, make([]byte, 100), 0)
			c.Client(began, get("/b"), 0)
			c.Server(began, []byte("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), 0)
		}, " 200, /b 404", 0, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := NewConnection(Limits{})
			c.feed(conn)
			var got []string
			all := conn.Exchanges()
			for _, e := range all {
				got = append(got, fmt.Sprintf("%s %d", e.Request.Target, e.Response.Status))
			}
			if strings.Join(got, ", ") != c.targets {
				t.Fatalf("%q, want %q", got, c.targets)
			}
			if r := all[0].Response; r.Missing != c.missing || r.DecodedBytes != c.decoded {
				t.Errorf("missing %d of %d, decoded %d", r.Missing, r.BodyBytes, r.DecodedBytes)
			}
		})
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	c := NewConnection(Limits{Exchanges: 10, Header: 1000, Text: 20})
	for i := range 100 {
		c.Client(began, get(fmt.Sprintf("/%d%s", i, strings.Repeat("x", 100))), 0)
	}
	all := c.Exchanges()
	if len(all) != 10 || c.Forgotten != 90 || len(all[9].Request.Target) != 20 || !strings.HasPrefix(all[9].Request.Target, "/99") {
		t.Errorf("%d, forgotten %d: %+v", len(all), c.Forgotten, all[9])
	}
	c.Client(began, []byte("GET / HTTP/1.1\r\nX: "+strings.Repeat("y", 5000)), 0)
	if c.Nonsense != 1 || len(c.client.buffer) > 0 {
		t.Errorf("nonsense %d, %d bytes held", c.Nonsense, len(c.client.buffer))
	}
}

func FuzzConnection(f *testing.F) {
	f.Add(get("/"), []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), uint16(9), uint16(0))
	f.Add([]byte("POST /a HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc"), append([]byte("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"), zipped(f, 100)...), uint16(30), uint16(7))
	f.Add(get("/"), []byte("HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 50\r\n\r\nx"), uint16(60), uint16(10))
	f.Fuzz(func(t *testing.T, client, server []byte, cut, missing uint16) {
		l := Limits{Exchanges: 4, Header: 512, Text: 16, Encoded: 256, Decoded: 4096, Body: 64}
		c := NewConnection(l)
		a, b := min(int(cut), len(client)), min(int(cut), len(server))
		c.Client(began, client[:a], 0)
		c.Server(began, server[:b], 0)
		c.Client(began, client[a:], uint64(missing))
		c.Server(began, server[b:], uint64(missing))
		c.Closed(true, began)
		c.Closed(false, began)
		for _, e := range c.Exchanges() {
			for _, m := range []Message{e.Request.Message, e.Response.Message} {
				if m.DecodedBytes > uint64(max(l.Decoded, len(client)+len(server))) || len(m.Body) > l.Body || len(m.ContentType) > l.Text || m.Missing > uint64(missing) && m.Missing > m.BodyBytes {
					t.Fatalf("%+v", m)
				}
			}
		}
		if len(c.Exchanges()) > 4 || len(c.client.buffer) > maxLine+1 || len(c.server.body.bytes) > l.Encoded {
			t.Fatalf("%d exchanges, %d and %d bytes held", len(c.Exchanges()), len(c.client.buffer), len(c.server.body.bytes))
		}
	})
}
