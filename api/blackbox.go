package api

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// blackbox answers /probe?session=NAME as Prometheus' blackbox exporter answers for a target: what is asked for is known when it is
// scraped, and each answer has series of its own. It looks at the verdict and sends nothing.
type blackbox struct {
	store store.Store
	board *store.Board
	log   *slog.Logger
}

// ServeHTTP answers 400 without a session to look for, and 200 with probe_success 0 for one that there is not: that is what whoever asks
// wants to be alerted of.
func (b blackbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	names := r.URL.Query()["session"]
	if len(names) != 1 || names[0] == "" || len(r.URL.Query()) != 1 {
		writeProblem(w, malformed.problem("want the session to look at, and nothing else: /probe?session=NAME"))
		return
	}
	registry := prometheus.NewRegistry()
	if p := b.look(r, registry, names[0]); p != nil {
		b.log.Error("a probe could not be answered", "err", p)
		writeProblem(w, storeUnavailable.problem("whether there is such a session cannot be told; try again"))
		return
	}
	register(registry, "probe_duration_seconds", "How long it took to look.", time.Since(begun).Seconds())
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}

// look registers what is known about a session. Its error says that it could not be looked for.
func (b blackbox) look(r *http.Request, registry *prometheus.Registry, name string) error {
	found, success, status, session := 0.0, 0.0, mirror.Status{}, mirror.Session{}
	if mirror.ValidName(name) {
		var err error
		switch session, err = b.store.Get(r.Context(), name); {
		case err == nil:
			found, status = 1, b.board.Status(session.UID)
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
	}
	if status.Verdict.State == mirror.Delivering {
		success = 1
	}
	register(registry, "probe_success", "1 if the verdict on the session is delivering, 0 if not.", success)
	register(registry, "vspan_probe_session_found", "1 if there is such a session, 0 if not.", found)
	if found == 1 {
		registerVerdict(registry, session, status)
	}
	return nil
}

func registerVerdict(registry *prometheus.Registry, s mirror.Session, status mirror.Status) {
	verdict := renderVerdict(status.Verdict)
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "vspan_probe_verdict_info", Help: "Always 1; the labels are the verdict on the session.",
	}, []string{"state", "reason"})
	info.WithLabelValues(verdict.State, verdict.Reason).Set(1)
	registry.MustRegister(info)
	register(registry, "vspan_probe_verdict_since_timestamp_seconds", "When the verdict became what it is; 0: not judged yet.", unixSeconds(status.Verdict.Since))
	register(registry, "vspan_probe_last_packet_timestamp_seconds", "When the last frame of the session arrived; 0: none did.", unixSeconds(status.Evidence.Last))
	register(registry, "vspan_probe_expiry_timestamp_seconds", "When the session's time is up; 0: never.", unixSeconds(s.ExpiresAt))
	register(registry, "vspan_probe_packets_per_second", "Frames of the session that arrive in a second now.", finite(status.Evidence.PacketsPerSecond))
}

func register(registry *prometheus.Registry, name, help string, value float64) {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	g.Set(value)
	registry.MustRegister(g)
}

// unixSeconds is a time as Prometheus has it; 0 for none.
func unixSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
