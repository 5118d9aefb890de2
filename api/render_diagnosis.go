package api

import (
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

func renderDiagnoses(list []mirror.Diagnosis) []wire.Diagnosis {
	shown := make([]wire.Diagnosis, len(list))
	for i, d := range list {
		shown[i] = wire.Diagnosis{
			Code: d.Code.String(), Severity: d.Severity.String(), Subject: d.Subject, Message: d.Message, Remedy: d.Remedy,
			Figures: renderFigures(d.Figures),
		}
	}
	return shown
}

func renderFigures(list []mirror.Figure) []wire.Figure {
	shown := make([]wire.Figure, len(list))
	for i, f := range list {
		shown[i] = wire.Figure{Name: f.Name, Value: finite(f.Value), Unit: f.Unit}
	}
	return shown
}

// renderDelivery returns nil for what was not measured.
func renderDelivery(d mirror.Delivery) *wire.Delivery {
	if !d.Measured() {
		return nil
	}
	shown := &wire.Delivery{
		Seconds:         finite(d.Over.Seconds()),
		ReceivedPackets: d.Received.Packets, ReceivedBytes: d.Received.Bytes,
		MovedPackets: d.Moved.Packets, MovedBytes: d.Moved.Bytes, ExpectedBytes: d.Expected,
	}
	if d.Expected > 0 {
		ratio, low, high := finite(d.Ratio), finite(d.Low), finite(d.High)
		shown.Ratio, shown.Low, shown.High = &ratio, &low, &high
	}
	return shown
}
