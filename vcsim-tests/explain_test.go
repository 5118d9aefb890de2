package vcsimtests

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/cmd/vspan/daemon"
	"github.com/vspan-io/vspan/cmd/vspan/explain"
	"github.com/vspan-io/vspan/mirror/receive"
)

// explain runs the command as a person would, and returns what it printed.
func (w *world) explain(args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), vspan(w.t), append([]string{"--server", w.url, "explain"}, args...)...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("vspan explain %v: %v: %s", args, err, complaints.String())
	}
	return string(out)
}

// evidence asks for the transcript of a session.
func (w *world) evidence(name, query string) wire.EvidenceReport {
	w.t.Helper()
	return read[wire.EvidenceReport](w.server, w.want(w.do("GET", "/v1/sessions/"+name+"/evidence"+query, nil), 200))
}

// TestExplainABrokenPath follows a session from its creation to a broken path: the page tells all of it.
func TestExplainABrokenPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	w.until("web-01", soon, "has packets", func(s wire.Session) bool { return s.Status.Evidence.Packets > 20 })
	host := w.vm("web-01").Host
	w.act(w.sim.BreakPath(host))
	w.untilState("web-01", "lost", soon)

	report := w.evidence("web-01", "")
	states := []string{}
	for _, turn := range report.History {
		if turn.Source == nil {
			states = append(states, turn.State)
		}
	}
	if !slices.Contains(states, "delivering") || states[len(states)-1] != "lost" {
		t.Errorf("the history has the verdicts %v, want delivering and at last lost", states)
	}
	for i, turn := range report.History {
		if turn.Message == "" || turn.Since.IsZero() || turn.Figures == nil {
			t.Errorf("turn %d: %+v", i, turn)
		}
		if turn.State == "delivering" && turn.Until.IsZero() {
			t.Errorf("it is said to deliver: %+v", turn)
		}
	}
	w.checkExpected(report, host)
	w.checkPackets(report, host)

	page := w.explain("web-01")
	t.Logf("\n%s", page)
	checkPage(t, page)
	for _, want := range []string{
		"Mirror session web-01: lost", "web-01 is lost (was_delivering_stopped)", "It is to mirror VM web-01 (both) as erspan2",
		"What is wrong, and what to do", "Look at what changed", "Expected, and seen", "How the verdict came about", "delivering (packets_seen)",
		host, w.host(host).Address, "What was done to it", "created", "Last packets", "First bytes of each sender", "Versions", "generation 1",
	} {
		if !strings.Contains(flat(page), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	var whole explain.Page
	if err := json.Unmarshal([]byte(w.explain("web-01", "-o", "json")), &whole); err != nil || whole.Evidence.Verdict.State != "lost" || len(whole.Events) == 0 {
		t.Errorf("as JSON: %v: %+v", err, whole.Evidence.Verdict)
	}
	if markdown := w.explain("web-01", "-o", "markdown"); !strings.HasPrefix(markdown, "# Mirror session web-01: lost\n") || !strings.Contains(markdown, "\n|---|---|---|\n") {
		t.Errorf("as Markdown:\n%s", markdown)
	}
}

func (w *world) checkExpected(report wire.EvidenceReport, host string) {
	w.t.Helper()
	x := report.Expected
	if x == nil || x.Encapsulation != "erspan2" || x.ERSPANID == 0 || len(x.Receivers) != 1 || len(x.Sources) != 1 || x.Sources[0].MAC != w.vm("web-01").NICs[0].MAC {
		w.t.Fatalf("expected is %+v", x)
	}
	if !slices.ContainsFunc(x.Exporters, func(e wire.ExpectedExporter) bool {
		return e.Host == host && e.Address == w.host(host).Address && e.Connected
	}) {
		w.t.Errorf("%s at %s is not among %+v", host, w.host(host).Address, x.Exporters)
	}
}

// broadcast is sent to every VM.
const broadcast = "ff:ff:ff:ff:ff:ff"

func (w *world) checkPackets(report wire.EvidenceReport, host string) {
	w.t.Helper()
	mac, ways := w.vm("web-01").NICs[0].MAC, make(map[string]bool)
	for _, p := range report.LastPackets {
		ways[p.Direction] = true
		if p.Attribution != "confirmed" || p.Host != host || p.Exporter != w.host(host).Address || p.Encapsulation != "erspan2" || p.Sequence == nil ||
			p.Inner == nil || p.Inner.SourceMAC != mac && p.Inner.DestinationMAC != mac && p.Inner.DestinationMAC != broadcast || p.At.IsZero() || p.Length == 0 {
			w.t.Errorf("packet %+v, inside %+v", p, p.Inner)
		}
	}
	if n := len(report.LastPackets); n < 10 || n > 32 || !ways["from-vm"] || !ways["to-vm"] {
		w.t.Errorf("%d packets, of the ways %v", n, ways)
	}
	if len(report.FirstPackets) == 0 {
		w.t.Error("no first packets")
	}
	for _, f := range report.FirstPackets {
		if len(f.Bytes) != 2*f.HeaderBytes || f.HeaderBytes < 40 || f.Packet.Exporter != w.host(host).Address {
			w.t.Errorf("%d header bytes of %s from %s: payload is shown only on request", f.HeaderBytes, f.Bytes, f.Packet.Exporter)
		}
	}
}

// flat is a page without what breaks its lines.
func flat(page string) string { return strings.Join(strings.Fields(page), " ") }

// checkPage checks what holds of every page of text.
func checkPage(t *testing.T, page string) {
	t.Helper()
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > explain.Width {
			t.Errorf("a line of %d columns: %q", n, line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("a line that does something to a terminal: %q", line)
		}
	}
}

// TestBytesOfPackets: what is behind the headers is shown on request, which the history remembers, and not where that is denied.
func TestBytesOfPackets(t *testing.T) {
	t.Parallel()
	t.Run("allowed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.delivering("web-01", mirrorOf("web-01"))
		await(t, soon, "first packets with payload", func() (bool, string) {
			report := w.evidence("web-01", "?bytes=true")
			return slices.ContainsFunc(report.FirstPackets, func(f wire.FirstPacket) bool { return len(f.Bytes) > 2*f.HeaderBytes }), ""
		})
		events := read[wire.EventList](w.server, w.want(w.do("GET", "/v1/sessions/web-01/events", nil), 200)).Items
		if !slices.ContainsFunc(events, func(e wire.Event) bool {
			return e.Kind == "payload_opened" && strings.Contains(e.Message, "first bytes")
		}) {
			t.Errorf("the history does not tell that bytes were shown: %+v", events)
		}
		if !strings.Contains(w.explain("web-01", "--bytes"), "0020 ") {
			t.Error("the page has no bytes")
		}
	})
	t.Run("denied", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(s *setup) { s.daemon.Payload = false })
		w.delivering("web-01", mirrorOf("web-01"))
		await(t, soon, "first packets", func() (bool, string) { return len(w.evidence("web-01", "").FirstPackets) > 0, "none" })
		w.problem(w.do("GET", "/v1/sessions/web-01/evidence?bytes=true", nil), 403, "payload_not_allowed")
		for _, f := range w.evidence("web-01", "").FirstPackets {
			if b, err := hex.DecodeString(f.Bytes); err != nil || bytes.Contains(b, []byte("HTTP")) || len(b) != f.HeaderBytes {
				t.Errorf("%v: %q", err, b)
			}
		}
	})
}

// TestHistoryOutlivesTheDaemon: what the journal remembers of verdicts is told after a restart, and what the daemon saw since.
func TestHistoryOutlivesTheDaemon(t *testing.T) {
	t.Parallel()
	var config daemon.Config
	w := newWorld(t, func(s *setup) {
		s.daemon.DataDir = t.TempDir()
		config = s.daemon
	})
	w.delivering("web-01", mirrorOf("web-01"))
	host := w.vm("web-01").Host
	w.act(w.sim.BreakPath(host))
	w.untilState("web-01", "lost", soon)
	since := w.session("web-01").Status.Verdict.Since
	w.stop()
	config.Receiver.Source = receive.NewPair(receive.PairOptions{}) // a source runs once
	w.serve(config)
	w.until("web-01", soon, "is judged again", func(s wire.Session) bool { return s.Status.Verdict.State != "pending" })
	history := w.evidence("web-01", "").History
	at := slices.IndexFunc(history, func(v wire.VerdictTurn) bool {
		return v.Source == nil && v.State == "lost" && v.Since.Truncate(time.Second).Equal(since.Truncate(time.Second))
	})
	if at < 0 || !slices.ContainsFunc(history[:at], func(v wire.VerdictTurn) bool { return v.State == "delivering" && v.Figures == nil }) {
		t.Errorf("lost since %v is not in the history behind delivering: %+v", since, history)
	}
	if page := w.explain("web-01"); !regexp.MustCompile(`(?m)^20\S+ \S+ .*lost \(was_delivering_stopped\)`).MatchString(page) {
		t.Errorf("the page does not tell it:\n%s", page)
	}
}

// TestExplainEscapesNames: a VM may be called anything, and its name stands on the page many times.
func TestExplainEscapesNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := "evil\u202e|<img src=x>`id`\u00a0@all"
	w.act(w.sim.RenameVM("db-01", name))
	await(t, soon, "the switch is read with the new name", func() (bool, string) {
		a := w.do("PUT", "/v1/sessions/evil", wire.SessionInput{Spec: mirrorOf(name)})
		s := w.until("evil", soon, "is placed", func(s wire.Session) bool { return len(s.Status.Conditions) > 0 && s.Status.ObservedGeneration > 0 })
		return a.status < 300 && len(s.Status.Sources) == 1 && s.Status.Sources[0].MAC != "", describe(s)
	})
	page := w.explain("evil", "--bytes")
	checkPage(t, page)
	if !strings.Contains(page, `evil\u202e|`) {
		t.Errorf("the name is not on the page, escaped:\n%s", page)
	}
	if markdown := w.explain("evil", "-o", "markdown"); strings.Contains(markdown, "<img") || strings.ContainsRune(markdown, '\u202e') {
		t.Errorf("the name is markup:\n%s", markdown)
	}
}
