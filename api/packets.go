package api

import (
	"context"
	"errors"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture/filter"
)

// Packets lets what is mirrored be captured. Its methods may be called concurrently.
type Packets interface {
	// Capture begins to capture. The capture must be closed. The error is a *NotReceivingError.
	Capture(q CaptureQuery) (Capture, error)
}

// NotReceivingError says that nothing is received, and so nothing can be captured.
type NotReceivingError struct{ Reason string }

func (e *NotReceivingError) Error() string { return "nothing is received: " + e.Reason }

// CaptureQuery is what one capture is to hold.
type CaptureQuery struct {
	Session    mirror.Session
	Filter     *filter.Filter   // of the frames; nil: all
	Direction  mirror.Direction // Both: each
	SnapLength int              // bytes kept of each; 0: all
	Packets    uint64           // at most; 0: no limit
	PCAP       bool             // not pcapng
	Outer      bool             // the packets that carried the frames, in place of the frames
}

// Capture is a capture file as it is read. But for Close its methods belong to one goroutine.
type Capture interface {
	// Begin appends to b what the file begins with, at once. now is when it begins.
	Begin(b []byte, now time.Time) []byte
	// Next appends to b the packets that are there, whole ones; when there are none it waits for them, at most for the time given. The error
	// says that there are no more: ErrEnough, ErrSessionGone or that of ctx.
	Next(ctx context.Context, within time.Duration, b []byte) ([]byte, error)
	// End appends to b what the file ends with. now is when it ends.
	End(b []byte, now time.Time) []byte
	// Counts says what became of the frames so far.
	Counts() CaptureCounts
	// Close ends the capture; it may be called from any goroutine, and twice.
	Close()
}

// CaptureCounts is what became of frames that were to be captured.
type CaptureCounts struct {
	Packets uint64 // written
	Bytes   uint64 // of those, before they were cut
	Lost    uint64 // not read in time
	Missing uint64 // mirror packets lost on their way to the receiver; an estimate
}

// Errors of Capture.Next.
var (
	ErrEnough      = errors.New("there are as many packets as were asked for")
	ErrSessionGone = errors.New("the session has ended")
)

// maxCaptures is how many may capture at a time: each has a buffer of some megabytes.
const maxCaptures = 32
