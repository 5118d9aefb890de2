package daemon

import (
	"context"
	"errors"
	"time"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/capture/recording"
	"github.com/vspan-io/vspan/mirror/capture/stream"
	"github.com/vspan-io/vspan/mirror/store"
)

// packets lets what is received be captured over the API.
type packets struct {
	reception *reception
	board     *store.Board
	name      func(uid, portKey string) recording.Source
	workers   int // of the receiver
	version   string
}

// newPackets returns what the API captures by; nil where nothing is received.
func (d *Daemon) newPackets(board *store.Board, o *outputs) api.Packets {
	if d.reception.off {
		return nil
	}
	return &packets{d.reception, board, o.name, max(d.config.Receiver.Workers, 1), d.config.Version}
}

// Capture implements api.Packets.
func (p *packets) Capture(q api.CaptureQuery) (api.Capture, error) {
	if health := p.reception.health(); !health.Up {
		return nil, &api.NotReceivingError{Reason: health.Reason}
	}
	want := capture.Want{Sessions: []string{q.Session.UID}, SnapLength: q.SnapLength, Outer: q.Outer, Buffer: p.buffer()}
	file := recording.Options{
		Application: "vspan " + p.version, Comment: "session " + q.Session.Name + " (" + q.Session.UID + ")", SnapLength: q.SnapLength, Outer: q.Outer,
		Name: func(uid, portKey string) recording.Source {
			source := p.name(uid, portKey)
			source.Session = q.Session.Name // which is not known yet of one that was made a moment ago
			return source
		},
		KernelDrops: func() uint64 { return p.reception.counters().KernelDrops },
	}
	if q.Filter != nil {
		want.SnapLength, file.Filter = 0, q.Filter.String()
	}
	if q.PCAP {
		file.Format = recording.PCAP
	}
	frames := p.reception.broker.Subscribe(want)
	return &captured{frames, stream.New(stream.Options{
		Frames: frames, After: p.reception.awaitCopies(), Filter: q.Filter, Direction: q.Direction, Packets: q.Packets, Sources: p.sources(q.Session.UID), Recording: file,
	})}, nil
}

// buffer divides among the workers what one would have.
func (p *packets) buffer() capture.Buffer {
	b := capture.DefaultBuffer
	return capture.Buffer{Bytes: b.Bytes / p.workers, Frames: b.Frames / p.workers}
}

// sources are those that a session came to. Of one that is not placed yet nothing is known; its interfaces come with their frames, and
// the file begins with one for frames of which nothing is known, because a file without any is none to some readers.
func (p *packets) sources(uid string) []stream.Source {
	var list []stream.Source
	for _, placed := range p.board.Status(uid).Placement.Sources {
		if placed.Fault == nil && placed.Port.Key != "" {
			list = append(list, stream.Source{UID: uid, PortKey: placed.Port.Key, Direction: placed.Direction})
		}
	}
	if len(list) == 0 {
		list = append(list, stream.Source{UID: uid})
	}
	return list
}

// captured is a stream as the API reads it.
type captured struct {
	frames *capture.Subscription
	stream *stream.Stream
}

func (c *captured) Begin(b []byte, now time.Time) []byte { return c.stream.Begin(b, now) }
func (c *captured) End(b []byte, now time.Time) []byte   { return c.stream.End(b, now) }
func (c *captured) Counts() api.CaptureCounts            { return api.CaptureCounts(c.stream.Counts()) }
func (c *captured) Close()                               { c.frames.Close() }

// Next says in the API's words that there is no more.
func (c *captured) Next(ctx context.Context, within time.Duration, b []byte) ([]byte, error) {
	b, err := c.stream.Next(ctx, within, b)
	switch {
	case errors.Is(err, capture.ErrEnded):
		err = api.ErrSessionGone
	case errors.Is(err, stream.ErrEnough):
		err = api.ErrEnough
	}
	return b, err
}
