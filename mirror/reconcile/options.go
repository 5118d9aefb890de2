package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// Options is what a Reconciler works with. Store, Board and Owner must be set.
type Options struct {
	Store    store.Store
	Board    *store.Board
	VCenters map[string]VCenter // by the name that mirror.SwitchID.VCenter holds

	// Owner names this installation in the marker of each session it makes: not empty, without blanks, and never changed as long
	// as sessions of it stand anywhere.
	Owner string

	// Writers elects the daemon that may change a switch, where several share the store; nil: this one is alone.
	Writers store.Writers

	Receivers    []netip.Addr // addresses of the local receiver; each takes mirror.MaxERSPANID sessions that bear an id
	ReceiverMACs []string     // of the machine that receives, lower case with colons: never mirrored

	// Resync is how often each switch is read without a reason, and how long a refused change rests before it is tried again;
	// 0 means a minute.
	Resync time.Duration

	// Before, when set, is told of each change before it is sent. An error forbids the change: no record, no mutation. What takes
	// mirrors down is sent all the same.
	Before func(context.Context, Attempt) error
	// After, when set, is told what came of it.
	After func(context.Context, Attempt)
	// Tell, when set, is told of what else happens: drift, adoptions, closed records, changes of the writer. It must not block.
	Tell func(mirror.Event)
	// At, when set, is called at named points between one lasting effect and the next. What it does there must be survived, be it
	// the end of the process.
	At func(Point)

	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil means none
}

// Attempt is one call that changes a switch.
type Attempt struct {
	Switch        mirror.SwitchID
	SwitchName    string
	ConfigVersion string // the changes are planned against
	Changes       []mirror.Change
	At            time.Time
	Err           error // how it ended; nil before, and after a task that vCenter says succeeded
}

const defaultResync = time.Minute

func (o Options) withDefaults() Options {
	if o.Resync <= 0 {
		o.Resync = defaultResync
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Writers == nil {
		o.Writers = store.Alone{}
	}
	if o.Tell == nil {
		o.Tell = func(mirror.Event) {}
	}
	if o.At == nil {
		o.At = func(Point) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o Options) check() error {
	switch {
	case o.Store == nil || o.Board == nil:
		return errors.New("reconcile: a store and a board are needed")
	case o.Owner == "" || strings.ContainsFunc(o.Owner, isBlank):
		return fmt.Errorf("reconcile: the owner %q cannot stand in a marker: want a word without blanks", o.Owner)
	default:
		return nil
	}
}

func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
