package daemon

import (
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/capture/recording"
	"github.com/vspan-io/vspan/mirror/capture/ringfile"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/mirror/store"
)

func TestOutputsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		r    Receiver
		want string
	}{
		"nothing":                 {Receiver{}, ""},
		"a device":                {Receiver{Interface: "eth1", Outputs: Outputs{Tap: "mirror0", TapSession: "web-01", TapMTU: 9000}}, ""},
		"files":                   {Receiver{Outputs: Outputs{Files: "d", FileSessions: []string{"web-01", "web-02"}}}, ""},
		"files of all":            {Receiver{Outputs: Outputs{Files: "d", FileSessions: []string{"*"}}}, ""},
		"a device that is heard":  {Receiver{Outputs: Outputs{Tap: "mirror0"}}, "--receiver-interface"},
		"a device on itself":      {Receiver{Interface: "mirror0", Outputs: Outputs{Tap: "mirror0"}}, "where mirrors arrive"},
		"no receiver":             {Receiver{Off: true, Outputs: Outputs{Tap: "mirror0"}}, "switched off"},
		"no device":               {Receiver{Outputs: Outputs{TapSession: "web-01"}}, "--receiver-tap"},
		"a path for a device":     {Receiver{Outputs: Outputs{Tap: "../x"}}, "name of a device"},
		"a small MTU":             {Receiver{Outputs: Outputs{Tap: "mirror0", TapMTU: 1}}, "MTU"},
		"no session's name":       {Receiver{Outputs: Outputs{Tap: "mirror0", TapSession: "Web"}}, "name of a session"},
		"no sessions":             {Receiver{Outputs: Outputs{Files: "d"}}, "of which sessions"},
		"no directory":            {Receiver{Outputs: Outputs{FileSessions: []string{"*"}}}, "--receiver-files"},
		"limits and no directory": {Receiver{Outputs: Outputs{FileLimits: ringfile.Limits{MaxFiles: 9}}}, "--receiver-files"},
		"all and one":             {Receiver{Outputs: Outputs{Files: "d", FileSessions: []string{"*", "web-01"}}}, "alone"},
		"twice":                   {Receiver{Outputs: Outputs{Files: "d", FileSessions: []string{"a", "a"}}}, "each once"},
		"a path":                  {Receiver{Outputs: Outputs{Files: "d", FileSessions: []string{"../a"}}}, "../a"},
		"too many":                {Receiver{Outputs: Outputs{Files: "d", FileSessions: slices.Repeat([]string{"a"}, 65)}}, "at most 64"},
		"too small in total":      {Receiver{Outputs: Outputs{Files: "d", FileSessions: []string{"a"}, FileLimits: ringfile.Limits{MaxTotal: 1}}}, "in total"},
	} {
		if err := c.r.checkOutputs(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestOutputsInTheFile(t *testing.T) {
	file, err := ReadFile(write(t, `
receiver:
  tap: mirror0
  tapSession: web-01
  tapMTU: 9000
  files: {directory: /var/lib/vspan-frames, sessions: [web-01, db-01], fileSize: 16MiB, fileAge: 5m, maxAge: 2h, maxTotal: 2GiB, maxFiles: 100, minFree: 1048576}
`))
	if err != nil {
		t.Fatal(err)
	}
	c, err := file.Over(Defaults())
	if err != nil {
		t.Fatal(err)
	}
	want := Outputs{
		Tap: "mirror0", TapSession: "web-01", TapMTU: 9000, Files: "/var/lib/vspan-frames", FileSessions: []string{"web-01", "db-01"},
		FileLimits: ringfile.Limits{FileSize: 16 << 20, FileAge: 5 * time.Minute, MaxAge: 2 * time.Hour, MaxTotal: 2 << 30, MaxFiles: 100, Reserve: 1 << 20},
	}
	if d := cmp.Diff(want, c.Receiver.Outputs); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	zero := Size(0)
	if l := (FileFrames{MinFree: &zero}).Limits(); l.Reserve != -1 {
		t.Errorf("no reserve: %+v", l)
	}
	for _, text := range []string{"", "64MB", "-1", "1.5GiB", "MiB", "9223372036854775807KiB"} {
		if err := new(Size).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is a size", text)
		}
	}
}

// living is a session that lives until a time.
func living(uid, name string, until time.Time) mirror.Session {
	return mirror.Session{UID: uid, Name: name, ExpiresAt: until}
}

// Frames go out of sessions that live, and from the moment on at which that is over no more.
func TestOutputsFollowTheSessions(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	o := &outputs{broker: capture.NewBroker(), board: store.NewBoard()}
	o.titles.Store(new(map[string]string))
	o.take("web-01")
	stream := o.broker.Subscribe(capture.Want{Sessions: []string{"u2"}})
	want := func(uids ...string) {
		t.Helper()
		d, _ := o.broker.Demand()
		if diff := cmp.Diff(uids, d.Sessions); diff != "" || d.All {
			t.Errorf("all %v (-want +got)\n%s", d.All, diff)
		}
	}
	want("u2")
	o.follow([]mirror.Session{living("u1", "web-01", now.Add(time.Hour)), living("u2", "web-02", now.Add(time.Minute))}, now)
	want("u1", "u2")
	o.follow([]mirror.Session{living("u1", "web-01", now.Add(time.Hour)), living("u2", "web-02", now.Add(time.Minute))}, now.Add(time.Minute))
	want("u1")
	if err := stream.Wait(t.Context(), time.Hour); err == nil {
		t.Error("the stream of a session that expired goes on")
	}
	o.take("")
	anew := living("u3", "web-01", time.Time{})
	o.follow([]mirror.Session{anew, living("u4", "db-01", time.Time{})}, now)
	want("u3", "u4")
	anew.DeletedAt = now
	o.follow([]mirror.Session{anew}, now)
	if d, _ := o.broker.Demand(); !d.IsZero() {
		t.Errorf("of sessions that are gone: %+v", d)
	}
}

func TestNamesOfSources(t *testing.T) {
	o := &outputs{board: store.NewBoard()}
	o.titles.Store(&map[string]string{"u1": "web"})
	o.board.Place("u1", mirror.Placement{Sources: []mirror.PlacedSource{
		{Port: mirror.Port{Key: "111"}}, {Port: mirror.Port{Key: "112", VM: "web-01", NIC: "Network adapter 1", MAC: "00:50:56:00:00:01"}},
	}}, time.Now())
	for _, c := range []struct {
		uid, port string
		want      recording.Source
	}{
		{"u1", "112", recording.Source{Session: "web", VM: "web-01", NIC: "Network adapter 1", MAC: []byte{0, 0x50, 0x56, 0, 0, 1}}},
		{"u1", "111", recording.Source{Session: "web"}},
		{"u1", "", recording.Source{Session: "web"}},
		{"u2", "112", recording.Source{}},
	} {
		if d := cmp.Diff(c.want, o.name(c.uid, c.port)); d != "" {
			t.Errorf("%s %s (-want +got)\n%s", c.uid, c.port, d)
		}
	}
}

// What the receiver attributes to a session reaches those who capture it, with what the evidence knows; the rest reaches nobody.
func TestAttributedFramesAreOffered(t *testing.T) {
	esx, here := netip.MustParseAddr("10.0.0.11"), netip.MustParseAddr("10.2.1.110")
	mac := frame.MAC{0, 0x50, 0x56, 0, 0, 1}
	r := newReception(Receiver{Off: true}, nil, slog.New(slog.DiscardHandler))
	r.table.Store(evidence.NewTable([]evidence.Expectation{{
		UID: "u1", Destinations: []netip.Addr{here}, Type: erspan.TypeII, ID: 5, Exporters: map[netip.Addr]string{esx: "esx-01"},
		Sources: []evidence.ExpectedSource{{PortKey: "112", MAC: mac, Host: "esx-01"}},
	}}))
	frames := r.broker.Subscribe(capture.Want{All: true})
	defer frames.Close()
	worker := r.worker(0)
	inner := frame.Ethernet{Dst: frame.MAC{0, 0x50, 0x56, 0, 0, 9}, Src: mac, EtherType: 0x88B5}.AppendHeader(nil)
	send := func(sequence uint32, src netip.Addr, id uint16) {
		payload := erspan.Packet{
			GRE: gre.Header{HasSequence: true, Sequence: sequence}, Type: erspan.TypeII, Header: erspan.Header{SessionID: id, VLAN: 7, Encap: erspan.EncapDot1Q},
			Frame: append(inner, make([]byte, 46)...),
		}.Append(nil)
		worker.Begin()
		worker.Take([]receive.Datagram{{At: int64(sequence), Ends: gre.EndsOf(src, here), Payload: payload, WireLen: 20 + len(payload), Fragments: 1}})
		worker.End()
	}
	send(1, esx, 5)
	send(1, esx, 6)                               // of no session
	send(1, netip.MustParseAddr("192.0.2.66"), 5) // from nobody's host
	send(5, esx, 5)
	for _, want := range []capture.Frame{{Time: 1}, {Time: 5, Gap: 3}} {
		f := frames.Poll()
		if f == nil {
			t.Fatal("a frame is missing")
		}
		if f.Time != want.Time || f.Gap != want.Gap || f.UID != "u1" || f.PortKey != "112" || f.Host != "esx-01" || f.Exporter != esx || f.Direction != mirror.FromVM {
			t.Errorf("got %+v, want one of %+v", f, want)
		}
		if len(f.Data) != 64 || f.Data[12] != 0x81 || f.Data[15] != 7 {
			t.Errorf("%d bytes: %x", len(f.Data), f.Data)
		}
	}
	if f := frames.Poll(); f != nil {
		t.Errorf("one too many: %+v", f)
	}
}

// The number of series does not depend on how many outputs there are.
func TestMetricsOfOutputs(t *testing.T) {
	d := &Daemon{config: Defaults(), reception: newReception(Receiver{Off: true}, nil, slog.New(slog.DiscardHandler))}
	var counts []int
	for _, c := range []Outputs{{}, {Tap: "mirror0", Files: t.TempDir(), FileSessions: []string{"a", "b", "c"}}} {
		d.config.Receiver.Outputs = c
		o, err := d.newOutputs(store.NewBoard())
		if err != nil {
			t.Fatal(err)
		}
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(newOutputsCollector(o))
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, f := range families {
			n += len(f.GetMetric())
			if f.GetName() != "vspan_output_stopped" {
				continue
			}
			for _, m := range f.GetMetric() {
				// The device has not been made, because nothing runs; nothing hinders the files.
				if want := map[bool]float64{true: 1}[c.Tap != "" && m.GetLabel()[0].GetValue() == outputTap]; m.GetGauge().GetValue() != want {
					t.Errorf("stopped: %v, want %v", m, want)
				}
			}
		}
		counts = append(counts, n)
		if shown := o.shownWith([]api.Receiver{{}})[0].Outputs; len(shown) != len(c.FileSessions)+min(len(c.Tap), 1) {
			t.Errorf("shown as %+v", shown)
		}
	}
	if counts[0] == 0 || counts[0] != counts[1] {
		t.Errorf("%v series", counts)
	}
}
