package client

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/api/wire"
)

func TestPackets(t *testing.T) {
	var asked string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		if r.URL.Path != "/v1/sessions/web-01/packets" {
			w.Header().Set("Content-Type", wire.ProblemContentType)
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"status":404,"code":"session_not_found","detail":"d"}`)
			return
		}
		w.Header().Set("Trailer", "Vspan-Lost, Vspan-Ended")
		_, _ = io.WriteString(w, "file")
		w.Header().Set("Vspan-Lost", "7")
		w.Header().Set("Vspan-Ended", "the session has ended")
	}))
	defer srv.Close()
	c, err := New(srv.URL, srv.Client())
	if err != nil {
		t.Fatal(err)
	}
	stream, err := c.Packets(t.Context(), "web-01", PacketQuery{
		Filter: "tcp port 80 & 1 = 1", Direction: "from-vm", SnapLength: 96, Duration: time.Minute, Packets: 9, Format: "pcap", Outer: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	want := "/v1/sessions/web-01/packets?direction=from-vm&duration=1m0s&filter=tcp+port+80+%26+1+%3D+1&format=pcap&outer=true&packets=9&snaplen=96"
	if d := cmp.Diff(want, asked); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if b, err := io.ReadAll(stream); err != nil || string(b) != "file" || stream.Lost() != 7 || stream.Ended() != "the session has ended" {
		t.Errorf("%q, %v, %d lost, ended because %q", b, err, stream.Lost(), stream.Ended())
	}
	if _, err := c.Packets(t.Context(), "nobody", PacketQuery{}); asked != "/v1/sessions/nobody/packets" || !errors.As(err, new(*Problem)) {
		t.Errorf("%v of %s", err, asked)
	}
}
