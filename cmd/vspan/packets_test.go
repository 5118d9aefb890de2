package main

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/capture/recording"
	"github.com/vspan-io/vspan/mirror/capture/stream"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/gre"
)

// arp is a request of web-01's.
var arp = append([]byte("\xff\xff\xff\xff\xff\xff\x00\x50\x56\x00\x00\x01\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01\x00\x50\x56\x00\x00\x01\x0a\x01\x00\x01"+
	"\x00\x00\x00\x00\x00\x00\x0a\x01\x00\x02"), make([]byte, 18)...)

// testPackets captures four frames of whatever session, before the third of which three were lost. Of one that is called endless more are to come,
// and never do.
type testPackets struct{}

func (testPackets) Capture(q api.CaptureQuery) (api.Capture, error) {
	broker := capture.NewBroker()
	feed := broker.Feed(0)
	frames := broker.Subscribe(capture.Want{Sessions: []string{q.Session.UID}, Outer: q.Outer})
	payload := erspan.Packet{GRE: gre.Header{HasSequence: true}, Type: erspan.TypeII, Header: erspan.Header{SessionID: 5}, Frame: arp}.Append(nil)
	for i, direction := range []mirror.Direction{mirror.FromVM, mirror.ToVM, mirror.FromVM, mirror.FromVM} {
		o := capture.Original{
			Time: time.Unix(1_800_000_000, int64(i)), Source: netip.MustParseAddr("10.0.0.11"), Destination: receiver, Payload: payload, WireLen: 20 + len(payload),
			UID: q.Session.UID, PortKey: "100", Host: "esx-01", Direction: direction,
		}
		if i == 2 {
			o.Gap = 3
		}
		feed.Offer(&o)
	}
	feed.Flush()
	if q.Session.Name != "endless" {
		broker.Retire(q.Session.UID)
	}
	file := recording.Options{Outer: q.Outer, SnapLength: q.SnapLength, Name: func(_, _ string) recording.Source {
		return recording.Source{Session: q.Session.Name, VM: "web-01", NIC: "Network adapter 1"}
	}}
	if q.PCAP {
		file.Format = recording.PCAP
	}
	return testCapture{frames, stream.New(stream.Options{
		Frames: frames, Filter: q.Filter, Direction: q.Direction, Packets: q.Packets, Recording: file, Sources: []stream.Source{{UID: q.Session.UID, PortKey: "100"}},
	})}, nil
}

type testCapture struct {
	frames *capture.Subscription
	*stream.Stream
}

func (c testCapture) Counts() api.CaptureCounts { return api.CaptureCounts(c.Stream.Counts()) }
func (c testCapture) Close()                    { c.frames.Close() }
func (c testCapture) Next(ctx context.Context, within time.Duration, b []byte) ([]byte, error) {
	b, err := c.Stream.Next(ctx, within, b)
	switch {
	case errors.Is(err, capture.ErrEnded):
		err = api.ErrSessionGone
	case errors.Is(err, stream.ErrEnough):
		err = api.ErrEnough
	}
	return b, err
}
