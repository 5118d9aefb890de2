//go:build !client

package receive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
)

// Live receives from the network by the best means the process may use: a
// [Ring] with a [Silence] beside it, or else a [Raw], which reads in batches or,
// where it may not, plainly. Describe says which and why not the better one.
type Live struct {
	options LiveOptions

	mu       sync.Mutex // guards what follows
	stage    stage
	source   Source
	silence  *Silence
	snapLen  int
	reason   string
	warnings []string
}

// NewLive returns a Live. Nothing is opened before Open or Run.
func NewLive(o LiveOptions) *Live {
	return &Live{options: o, snapLen: o.SnapLen, silence: NewSilence()}
}

// Open opens the best kind there is. Where there is none the error says why and
// what to do about it.
func (l *Live) Open() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stage.open(l.open)
}

func (l *Live) open() error {
	if _, err := interfaceIndex(l.options.Interface); err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	options := l.options
	options.SnapLen = l.snapLen
	ring := NewRing(options)
	ringErr := ring.Open()
	if ringErr == nil {
		l.source = ring
		if err := l.silence.Open(); err != nil {
			l.warnings = append(l.warnings,
				fmt.Sprintf("the host answers every mirrored packet with ICMP protocol unreachable: %v", err))
		}
		return nil
	}
	raw := NewRaw(options)
	rawErr := raw.Open()
	if rawErr == nil {
		l.source, l.reason = raw, fmt.Sprintf("no packet ring: %v", ringErr)
		return nil
	}
	return noWay(ringErr, rawErr)
}

// noWay joins the two failures, with the next step where it is known.
func noWay(ringErr, rawErr error) error {
	err := errors.Join(ringErr, rawErr)
	if errors.Is(ringErr, fs.ErrPermission) && errors.Is(rawErr, fs.ErrPermission) {
		return fmt.Errorf("receiving protocol 47 needs the capability CAP_NET_RAW: run as root, "+
			"give it to the program with `setcap cap_net_raw+ep PATH`, "+
			"or to the service with AmbientCapabilities=CAP_NET_RAW: %w", err)
	}
	return fmt.Errorf("no way to receive protocol 47: %w", err)
}

// Run delivers until ctx is done or the source fails.
func (l *Live) Run(ctx context.Context, handlers func(worker int) Handler) error {
	l.mu.Lock()
	err := l.stage.run(l.open)
	source := l.source
	l.mu.Unlock()
	if err != nil {
		return err
	}
	err = source.Run(ctx, handlers)
	return errors.Join(err, l.silence.Close())
}

// SetSnapLen sets how many bytes of each outer IP packet to keep from now on, 0
// all, where the kind of source can. It may be called at any time from any
// goroutine; no packet is lost by it.
func (l *Live) SetSnapLen(n int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.snapLen = n
	if ring, ok := l.source.(*Ring); ok {
		return ring.SetSnapLen(n)
	}
	return nil
}

// Close releases a Live that will not be run.
func (l *Live) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stage.release(func() error { return errors.Join(l.source.Close(), l.silence.Close()) })
}

// Counters are all zero before Open.
func (l *Live) Counters() Counters {
	if source := l.chosen(); source != nil {
		return source.Counters()
	}
	return Counters{}
}

// Describe says which kind was chosen and why not a better one. Its Kind is
// empty before Open.
func (l *Live) Describe() Description {
	source := l.chosen()
	if source == nil {
		return Description{Interface: l.options.Interface}
	}
	d := source.Describe()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reason != "" && d.Reason != "" {
		d.Reason = l.reason + "; " + d.Reason
	} else {
		d.Reason += l.reason
	}
	d.Warnings = append(d.Warnings, l.warnings...)
	return d
}

func (l *Live) chosen() Source {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.source
}
