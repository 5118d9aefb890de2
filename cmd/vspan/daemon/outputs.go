package daemon

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/capture/recording"
	"github.com/vspan-io/vspan/mirror/capture/ringfile"
	"github.com/vspan-io/vspan/mirror/capture/tap"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/store"
)

// outputs are the tasks that take mirrored frames to a TAP device and to files. They ask for the frames of sessions that live, and of
// no other: when the time of one is up, its frames go nowhere, whether or not vCenter could be told.
type outputs struct {
	broker *capture.Broker
	board  *store.Board
	titles atomic.Pointer[map[string]string] // names of the living sessions, by UID

	config     Outputs
	selections []selection
	tap        *tap.Output     // nil: there is none
	files      *ringfile.Files // nil: none are written
}

// selection is what one output takes.
type selection struct {
	session string // "": every one
	frames  *capture.Subscription
}

func (d *Daemon) newOutputs(board *store.Board) (*outputs, error) {
	c := d.config.Receiver.Outputs
	o := &outputs{broker: d.reception.broker, board: board, config: c}
	o.titles.Store(new(map[string]string))
	var err error
	if c.Tap != "" {
		options := tap.Options{Device: c.Tap, MTU: c.TapMTU, Frames: o.take(c.TapSession), Log: d.config.Log}
		if o.tap, err = tap.New(options); err != nil {
			return nil, err
		}
	}
	if c.Files != "" {
		if o.files, err = ringfile.New(d.ringOptions(o)); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (d *Daemon) ringOptions(o *outputs) ringfile.Options {
	c := d.config.Receiver.Outputs
	options := ringfile.Options{Directory: c.Files, Limits: c.FileLimits, Log: d.config.Log}
	for _, session := range c.FileSessions {
		name := "session-" + session
		if session == EverySession {
			name, session = "all", ""
		}
		options.Rings = append(options.Rings, ringfile.Ring{Name: name, Frames: o.take(session), Recording: recording.Options{
			Application: "vspan " + d.config.Version, Name: o.name,
			KernelDrops: func() uint64 { return d.reception.counters().KernelDrops },
		}})
	}
	return options
}

// take subscribes to nothing: to what, follow says.
func (o *outputs) take(session string) *capture.Subscription {
	frames := o.broker.Subscribe(capture.Want{Lasting: true})
	o.selections = append(o.selections, selection{session, frames})
	return frames
}

// run runs the outputs until ctx ends.
func (o *outputs) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	if o.tap != nil {
		group.Go(func() error { return o.tap.Run(ctx) })
	}
	if o.files != nil {
		group.Go(func() error { return o.files.Run(ctx) })
	}
	err := group.Wait()
	for _, s := range o.selections {
		s.frames.Close()
	}
	return err
}

// follow asks for the frames of the sessions that live at now, and ends the subscriptions to those that live no more.
func (o *outputs) follow(sessions []mirror.Session, now time.Time) {
	titles := make(map[string]string, len(sessions))
	for _, s := range sessions {
		if !s.Deleting() && !s.Expired(now) {
			titles[s.UID] = s.Name
		}
	}
	before := o.titles.Swap(&titles)
	for _, s := range o.selections {
		s.frames.Select(false, s.of(titles))
	}
	for uid := range *before {
		if _, lives := titles[uid]; !lives {
			o.broker.Retire(uid)
		}
	}
}

// of are the UIDs that a selection takes.
func (s selection) of(titles map[string]string) []string {
	if s.session == "" {
		return slices.Collect(maps.Keys(titles))
	}
	var uids []string
	for uid, name := range titles {
		if name == s.session {
			uids = append(uids, uid)
		}
	}
	return uids
}

// name says what the source of a session is called. It may be called from any goroutine.
func (o *outputs) name(uid, portKey string) recording.Source {
	source := recording.Source{Session: (*o.titles.Load())[uid]}
	for _, placed := range o.board.Status(uid).Placement.Sources {
		if portKey == "" || placed.Port.Key != portKey {
			continue
		}
		source.VM, source.NIC = placed.Port.VM, placed.Port.NIC
		if mac, err := frame.ParseMAC(placed.Port.MAC); err == nil {
			source.MAC = mac[:]
		}
	}
	return source
}

// counted is how one output fares.
type counted struct {
	kind, name           string // outputTap and the device, or outputFiles and where
	sessions             string
	frames, bytes        uint64
	lost, tooLong, other uint64 // frames
	message              string // why nothing is written
}

// The kinds of outputs.
const (
	outputTap   = "tap"
	outputFiles = "files"
)

// count returns how each output fares.
func (o *outputs) count() []counted {
	var list []counted
	if o.tap != nil {
		s := o.tap.Status()
		list = append(list, counted{
			kind: outputTap, name: s.Device, sessions: cmp.Or(o.config.TapSession, EverySession),
			frames: s.Frames, bytes: s.Bytes, lost: s.Lost, tooLong: s.TooLong, other: s.Refused, message: s.Stopped,
		})
	}
	if o.files != nil {
		for i, s := range o.files.Status() {
			list = append(list, counted{
				kind: outputFiles, name: fmt.Sprintf("%s/%s-*", o.config.Files, s.Name), sessions: o.config.FileSessions[i],
				frames: s.Frames, bytes: s.Bytes, lost: s.Lost, message: s.Stopped,
			})
		}
	}
	return list
}
