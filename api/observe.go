package api

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
)

// traffic counts requests. The series are bounded: routes are the patterns of the router, never paths.
type traffic struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

func newTraffic(r *prometheus.Registry) traffic {
	t := traffic{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vspan_http_requests_total", Help: "Requests answered, by route pattern, method and class of the status.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vspan_http_request_duration_seconds", Help: "Time to answer, without requests that were told to wait and without streams.",
			Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10, 30},
		}, []string{"route", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "vspan_http_requests_in_flight", Help: "Requests being answered now.",
		}),
	}
	r.MustRegister(t.requests, t.duration, t.inFlight)
	return t
}

// observe counts and logs every request.
func observe(t traffic, log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begun := time.Now()
			t.inFlight.Inc()
			ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			method, path := methodLabel(r.Method), r.URL.EscapedPath()
			defer func() {
				t.inFlight.Dec()
				route, took := routeLabel(r), time.Since(begun)
				status := cmp.Or(ww.Status(), http.StatusOK)
				t.requests.WithLabelValues(route, method, strconv.Itoa(status/100)+"xx").Inc()
				if !waits(r) && !streams(r) {
					t.duration.WithLabelValues(route, method).Observe(took.Seconds())
				}
				log.Debug("request", "method", method, "path", path, "route", route, "status", status,
					"bytes", ww.BytesWritten(), "took", took, "from", r.RemoteAddr)
			}()
			next.ServeHTTP(ww, r)
		})
	}
}

// routeLabel is the pattern that the router matched, known only after it did.
func routeLabel(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil {
		return cmp.Or(c.RoutePattern(), "unmatched")
	}
	return "unmatched"
}

func methodLabel(m string) string {
	known := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
	if slices.Contains(known, m) {
		return m
	}
	return "other"
}
