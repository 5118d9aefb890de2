package tap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror/capture"
)

// Options say what goes on which device.
type Options struct {
	// Device is the name of the device to make, at most 15 bytes.
	Device string
	// MTU is that of the device, 1280 to MaxMTU bytes; 0 means MaxMTU. Frames that are longer, the Ethernet header and a tag not counted,
	// are left out and counted.
	MTU int
	// Frames are what goes on it. They are read by Run alone.
	Frames *capture.Subscription
	// Log takes what goes wrong. Required.
	Log *slog.Logger
}

// MaxMTU is the greatest MTU of a TAP device in bytes. No mirrored frame is longer: the packet that carries it has at most 65,535 bytes.
const (
	MaxMTU = 65_521
	minMTU = 1280
)

// headers is what is before the part of a frame that an MTU bounds: an Ethernet header and a tag.
const headers = 14 + 4

// Output writes frames on a device.
type Output struct {
	options Options
	open    func(name string, mtu int) (device, error)
	bare    []byte // a bare frame with a header

	mu     sync.Mutex
	status Status
}

// device is a TAP device.
type device interface {
	// Write puts one frame on it. The error is errGone when the device is no more, errDown when it is not up.
	Write(frame []byte) (int, error)
	Close() error
}

var (
	errGone = errors.New("it was removed")
	errDown = errors.New("it is down: ip link set it up")
)

// Status is how an output fares.
type Status struct {
	Device  string
	Frames  uint64 // that are on the device
	Bytes   uint64
	TooLong uint64 // frames left out because of the MTU
	Refused uint64 // frames that the device did not take
	Lost    uint64 // frames that were not written in time
	// Stopped says why nothing is written; "" when nothing hinders it.
	Stopped string
}

// New checks the options. It makes no device.
func New(o Options) (*Output, error) {
	if o.MTU == 0 {
		o.MTU = MaxMTU
	}
	if o.MTU < minMTU || o.MTU > MaxMTU {
		return nil, fmt.Errorf("tap device: an MTU of %d: want %d to %d", o.MTU, minMTU, MaxMTU)
	}
	if !deviceName(o.Device) {
		return nil, fmt.Errorf("tap device: %q cannot be the name of a device: want 1 to 15 letters, digits, '.', '_' and '-'", o.Device)
	}
	return &Output{options: o, open: openDevice, status: Status{Device: o.Device, Stopped: "the device has not been made yet"}}, nil
}

// deviceName refuses more than the kernel does: what stands in a path or a pattern of names.
func deviceName(s string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
	return s != "" && len(s) <= 15 && s != "." && s != ".." && strings.Trim(s, allowed) == ""
}

const (
	pauseFirst = time.Second // before the device is made again, doubled
	pauseLast  = time.Minute // up to this
)

// Run makes the device and writes until ctx ends; then the device is gone. One that cannot be made or that vanishes is no error of
// Run's: see Status.
func (o *Output) Run(ctx context.Context) error {
	pause := pauseFirst
	for ctx.Err() == nil {
		began := time.Now()
		err := o.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		o.stopped(err)
		if time.Since(began) > pauseLast {
			pause = pauseFirst
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		pause = min(2*pause, pauseLast)
	}
	return nil
}

// once makes the device and writes on it until it is gone or ctx ends.
func (o *Output) once(ctx context.Context) (err error) {
	d, err := o.open(o.options.Device, o.options.MTU)
	if err != nil {
		return fmt.Errorf("making the device %s: %w", o.options.Device, err)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	o.skip()
	o.works()
	o.options.Log.Info("mirrored frames are on a device", "device", o.options.Device)
	for {
		f, err := o.options.Frames.Next(ctx)
		if err != nil {
			<-ctx.Done() // nobody asks for frames any more; the device stays
			return nil
		}
		if err := o.write(d, f); err != nil {
			return err
		}
	}
}

// skip leaves out what waited for a device that was not there: who looks now did not ask for it.
func (o *Output) skip() {
	n := uint64(0)
	for o.options.Frames.Poll() != nil {
		n++
	}
	o.mu.Lock()
	o.status.Refused += n
	o.mu.Unlock()
}

// write puts one frame on the device. The error is that there is none any more.
func (o *Output) write(d device, f *capture.Frame) error {
	b := f.Data
	if f.Bare {
		o.bare = f.AppendEthernet(o.bare[:0])
		b = o.bare
	}
	if len(b) > o.options.MTU+headers {
		o.mu.Lock()
		o.status.TooLong++
		o.mu.Unlock()
		return nil
	}
	_, err := d.Write(b)
	if errors.Is(err, errGone) {
		return fmt.Errorf("the device %s: %w", o.options.Device, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.status.Refused++
		o.status.Stopped = fmt.Sprintf("the device %s: %v", o.options.Device, err)
		return nil
	}
	o.status.Frames++
	o.status.Bytes += uint64(len(b))
	o.status.Stopped = ""
	return nil
}

func (o *Output) works() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.status.Stopped = ""
}

func (o *Output) stopped(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.status.Stopped != err.Error() {
		o.options.Log.Error("mirrored frames are not on the device; it is tried again", "device", o.options.Device, "error", err)
	}
	o.status.Stopped = err.Error()
}

// Status returns how the output fares. It may be called from any goroutine.
func (o *Output) Status() Status {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.status
	s.Lost = o.options.Frames.Counts().Lost
	return s
}
