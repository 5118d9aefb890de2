package api

import "github.com/prometheus/client_golang/prometheus"

// captureTraffic counts what went to those who captured, of each capture when it has ended.
type captureTraffic struct {
	packets, bytes, lost prometheus.Counter
}

// newCaptureTraffic registers the series; open is how many capture now.
func newCaptureTraffic(r *prometheus.Registry, open func() float64) captureTraffic {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	t := captureTraffic{
		packets: counter("vspan_capture_packets_total", "Packets that captures of the API held, when they had ended."),
		bytes:   counter("vspan_capture_bytes_total", "Bytes of those packets, before they were cut."),
		lost:    counter("vspan_capture_lost_frames_total", "Frames that captures of the API lost because they were not read in time."),
	}
	r.MustRegister(t.packets, t.bytes, t.lost, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "vspan_captures", Help: "Captures of the API that run now.",
	}, open))
	return t
}

func (t captureTraffic) add(c CaptureCounts) {
	t.packets.Add(float64(c.Packets))
	t.bytes.Add(float64(c.Bytes))
	t.lost.Add(float64(c.Lost))
}
