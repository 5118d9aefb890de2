package api

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSlowClientsAreCutOff(t *testing.T) {
	for _, tt := range []struct {
		name, request string
		after         time.Duration
		status        int // 0: no answer
	}{
		{"headers", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ", headerTimeout, 0},
		{"body", "PUT /v1/sessions/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{", bodyTimeout, 408},
		{"body of what does not exist", "PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{", bodyTimeout, 408},
		{"body for another host", "PUT /x HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 10\r\n\r\n{", bodyTimeout, 408},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, stop := serveInMemory(t, newFixture(t).handler)
				c := p.dial(t)
				defer c.Close()
				begun := time.Now()
				if _, err := c.Write([]byte(tt.request)); err != nil {
					t.Fatal(err)
				}
				if tt.status == 0 {
					if n, err := c.Read(make([]byte, 1)); err == nil {
						t.Errorf("got %d bytes", n)
					}
				} else if resp, body := readAnswer(t, c); resp.StatusCode != tt.status || !strings.Contains(body, `"code":"too_slow"`) || !resp.Close {
					t.Errorf("got %s, close %t: %s", resp.Status, resp.Close, body)
				}
				if took := time.Since(begun); took != tt.after {
					t.Errorf("cut off after %s, want %s", took, tt.after)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, stop := serveInMemory(t, newFixture(t).handler)
		c := p.dial(t)
		defer c.Close()
		if _, err := c.Write([]byte("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(bodyTimeout + requestTimeout + writeTimeout + time.Second) // of the bubble
		if _, err := c.Write([]byte("GET")); err == nil {
			t.Error("the connection is still open")
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestHeadersAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, stop := serveInMemory(t, newFixture(t).handler)
		c := p.dial(t)
		defer c.Close()
		go func() {
			// Refused before its end: the error of the rest is of no interest.
			_, _ = c.Write([]byte("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: " + strings.Repeat("a", 256<<10) + "\r\n\r\n"))
		}()
		if resp, _ := readAnswer(t, c); resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("got %s", resp.Status)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestStopLetsRequestsFinishAndCutsOffTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p, stop := serveInMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				time.Sleep(2 * time.Second) // of the bubble
				return
			}
			<-r.Context().Done() // never finishes by itself
			close(release)
		}))
		slow, stuck := p.dial(t), p.dial(t)
		defer slow.Close()
		defer stuck.Close()
		for c, path := range map[interface{ Write([]byte) (int, error) }]string{slow: "/slow", stuck: "/stuck"} {
			if _, err := c.Write([]byte("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
		}
		go func() {
			if resp, _ := readAnswer(t, slow); resp.StatusCode != http.StatusOK {
				t.Errorf("the slow request got %s", resp.Status)
			}
		}()
		synctest.Wait()
		begun := time.Now()
		if err := stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took < shutdownTimeout || took > shutdownTimeout+time.Second {
			t.Errorf("stopped after %s", took)
		}
		<-release
	})
}

func TestServeReportsAListenerThatFails(t *testing.T) {
	p := newPipes()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	if err := Serve(t.Context(), p, f.handler, f.quiet()); err == nil || !strings.Contains(err.Error(), "127.0.0.1:8080") {
		t.Errorf("got %v", err)
	}
}
