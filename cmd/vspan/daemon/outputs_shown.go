package daemon

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/api"
)

// shownWith adds the outputs to what the API shows of the receivers.
func (o *outputs) shownWith(receivers []api.Receiver) []api.Receiver {
	for _, c := range o.count() {
		receivers[0].Outputs = append(receivers[0].Outputs, api.Output{
			Kind: c.kind, Name: c.name, Session: c.sessions, Frames: c.frames, Bytes: c.bytes,
			Lost: c.lost, TooLong: c.tooLong, Refused: c.other, Message: c.message,
		})
	}
	return receivers
}

// outputsCollector exposes the outputs as metrics, by kind: a fixed number of series, also where there is no output.
type outputsCollector struct {
	outputs                            *outputs
	frames, bytes, lost, stopped, kept *prometheus.Desc
}

func newOutputsCollector(o *outputs) *outputsCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("vspan_output_"+name, help, labels, nil)
	}
	return &outputsCollector{
		outputs: o,
		frames:  desc("frames_total", "Mirrored frames that were put on the TAP device or written to files.", "output"),
		bytes:   desc("bytes_total", "Bytes that were put on the TAP device or written to files.", "output"),
		lost:    desc("lost_frames_total", "Mirrored frames that were to go there and did not, by reason.", "output", "reason"),
		stopped: desc("stopped", "Outputs of the kind that write nothing at the moment because something hinders them.", "output"),
		kept:    desc("kept_bytes", "Bytes of the complete files that are kept."),
	}
}

// Describe implements prometheus.Collector.
func (c *outputsCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.frames, c.bytes, c.lost, c.stopped, c.kept} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *outputsCollector) Collect(ch chan<- prometheus.Metric) {
	all := c.outputs.count()
	for _, kind := range []string{outputTap, outputFiles} {
		var sum counted
		stopped := 0
		for _, one := range all {
			if one.kind != kind {
				continue
			}
			sum.frames, sum.bytes = sum.frames+one.frames, sum.bytes+one.bytes
			sum.lost, sum.tooLong, sum.other = sum.lost+one.lost, sum.tooLong+one.tooLong, sum.other+one.other
			if one.message != "" {
				stopped++
			}
		}
		metric := func(d *prometheus.Desc, t prometheus.ValueType, n float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, t, n, labels...)
		}
		metric(c.frames, prometheus.CounterValue, float64(sum.frames), kind)
		metric(c.bytes, prometheus.CounterValue, float64(sum.bytes), kind)
		metric(c.lost, prometheus.CounterValue, float64(sum.lost), kind, "not_written_in_time")
		metric(c.lost, prometheus.CounterValue, float64(sum.tooLong), kind, "longer_than_mtu")
		metric(c.lost, prometheus.CounterValue, float64(sum.other), kind, "refused_by_device")
		metric(c.stopped, prometheus.GaugeValue, float64(stopped), kind)
	}
	kept := int64(0)
	if c.outputs.files != nil {
		_, kept = c.outputs.files.Kept()
	}
	ch <- prometheus.MustNewConstMetric(c.kept, prometheus.GaugeValue, float64(kept))
}
