package daemon

import (
	"errors"
	"fmt"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture/ringfile"
	"github.com/vspan-io/vspan/mirror/capture/tap"
)

// Outputs are where mirrored frames go beside being counted. Its zero value is nowhere: what others said to one another is not kept
// and not shown unless somebody asked for it.
type Outputs struct {
	// Tap is the TAP device to make and to put frames on; "": none.
	Tap string
	// TapSession is the session whose frames go there; "": every one.
	TapSession string
	// TapMTU is the MTU of the device; 0: the greatest.
	TapMTU int
	// Files is the directory for files of frames; "": none are written.
	Files string
	// FileSessions are the sessions whose frames are written, each to files of its own; EverySession, alone: all, to the same files.
	FileSessions []string
	// FileLimits bound the files.
	FileLimits ringfile.Limits
}

// EverySession stands for all sessions where sessions are named; no session can have that name.
const EverySession = "*"

// maxFileSessions bounds the buffers in memory that files take.
const maxFileSessions = 64

// checkOutputs refuses what cannot be.
func (r Receiver) checkOutputs() error {
	o := r.Outputs
	if r.Off && (o.Tap != "" || o.Files != "") {
		return errors.New("the receiver is switched off: there are no frames for a TAP device or for files")
	}
	return errors.Join(o.checkTap(), r.checkApart(), o.checkFiles())
}

// checkApart keeps the receiver from hearing what it puts on the TAP device: a mirrored VM could send what looks like a mirror packet of a
// host's, and the receiver would believe it.
func (r Receiver) checkApart() error {
	switch {
	case r.Outputs.Tap == "" || r.Source != nil:
		return nil
	case r.Interface == "":
		return errors.New("a TAP device, and a receiver on all interfaces, which would hear it: say where mirrors arrive with receiver.interface (--receiver-interface)")
	case r.Interface == r.Outputs.Tap:
		return fmt.Errorf("the TAP device %s cannot be where mirrors arrive", r.Outputs.Tap)
	}
	return nil
}

func (o Outputs) checkTap() error {
	if o.Tap == "" {
		if o.TapSession != "" || o.TapMTU != 0 {
			return errors.New("a session or an MTU for a TAP device, and no device: say its name with receiver.tap (--receiver-tap)")
		}
		return nil
	}
	if o.TapSession != "" && !mirror.ValidName(o.TapSession) {
		return fmt.Errorf("the TAP device's session: %q cannot be the name of a session", o.TapSession)
	}
	_, err := tap.New(tap.Options{Device: o.Tap, MTU: o.TapMTU})
	return err
}

func (o Outputs) checkFiles() error {
	if o.Files == "" {
		if len(o.FileSessions) > 0 || o.FileLimits != (ringfile.Limits{}) {
			return errors.New("files of frames, and no directory: say it with receiver.files.directory (--receiver-files)")
		}
		return nil
	}
	if len(o.FileSessions) == 0 {
		return fmt.Errorf("files of frames: say of which sessions, or %q for all, with receiver.files.sessions (--receiver-files-session)", EverySession)
	}
	if len(o.FileSessions) > maxFileSessions {
		return fmt.Errorf("files of %d sessions: want at most %d, or %q for all of them together", len(o.FileSessions), maxFileSessions, EverySession)
	}
	seen := make(map[string]bool)
	for _, name := range o.FileSessions {
		if every := name == EverySession && len(o.FileSessions) == 1; !every && !mirror.ValidName(name) || seen[name] {
			return fmt.Errorf("files of session %q: want the names of sessions, each once, or %q alone", name, EverySession)
		}
		seen[name] = true
	}
	if err := o.FileLimits.Check(len(o.FileSessions)); err != nil {
		return fmt.Errorf("files of frames: %w", err)
	}
	return nil
}
