package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// Options are what the API serves. Store, Board, Planner and Inventory are needed; the rest has a default.
type Options struct {
	Store     store.Store
	Board     *store.Board
	Planner   Planner
	Inventory Inventory

	// Owner is this installation, as it stands in the markers. It tells orphans from sessions of others.
	Owner string

	Orphans Orphanage // nil: there are none
	// Verifier proves that sessions deliver; nil: nothing does.
	Verifier Verifier

	Brake   Brake   // nil: nothing is ever held back
	Cluster Cluster // nil: the store belongs to no cluster

	// Writer names the daemon that changes a switch, "" while none does; nil: it is not known of any.
	Writer func(ctx context.Context, id mirror.SwitchID) string

	History   History            // nil: nothing is remembered
	Receivers func() []Receiver  // nil: none
	Unclaimed func() []Unclaimed // nil: none
	Facts     Facts              // nil: nothing is known of what mirrors rest on
	Ready     func() []Check     // nil: always ready

	// Payload lets what was mirrored be shown, not only counted: packets, followed bodies, first bytes.
	Payload     bool
	Transcripts Transcripts // nil: nothing is kept
	Packets     Packets     // nil: nothing is received, and so nothing can be captured

	// Conversations looks at what sessions mirror; nil: nothing does.
	Conversations Conversations

	// Metrics is where the API registers its own series and what /metrics shows, so the caller registers his there too. nil: a
	// registry with the API's series alone. One registry serves one handler.
	Metrics *prometheus.Registry

	DefaultLife mirror.Life   // of sessions that do not ask for one; zero: an hour
	MaxLife     time.Duration // the longest that may be asked for; 0: no limit, and "never" is allowed

	Now     func() time.Time // nil: time.Now
	NewUID  func() string    // nil: random UUIDs
	Log     *slog.Logger     // nil: nothing is logged
	Version string           // of vspan
}

// Planner says what a session would come to, without doing anything.
type Planner interface {
	// Preview plans s as if it were stored: against the switch as it stands and beside every other session. Its error wraps a
	// *mirror.Fault when the session cannot be placed or vCenter cannot be asked.
	Preview(ctx context.Context, s mirror.Session) (Preview, error)
}

// Preview is what would be done for one session.
type Preview struct {
	Planned mirror.Planned
	Switch  mirror.Switch
	Changes []mirror.Change // those made for this session, in order
}

// Inventory knows the switches of every vCenter.
type Inventory interface {
	// Switches returns those of a vCenter, or of all when its name is empty, as they were last read, or reads them now when fresh is
	// true. Those that cannot be read now are returned as they were last read, as long as there is another that can: ReadAt tells.
	// Its error wraps a *mirror.Fault.
	Switches(ctx context.Context, vcenter string, fresh bool) ([]mirror.Switch, error)

	// Refresh reads one switch now. Its error wraps a *mirror.Fault.
	Refresh(ctx context.Context, id mirror.SwitchID) (mirror.Switch, error)
}

// Check is one thing the daemon needs in order to do its work.
type Check struct {
	Name    string
	OK      bool
	Message string // for a person; why not, when it is not OK
}

func (o Options) withDefaults() Options {
	if o.History == nil {
		o.History = noHistory{}
	}
	if o.Transcripts == nil {
		o.Transcripts = noTranscripts{}
	}
	if o.Conversations == nil {
		o.Conversations = noConversations{}
	}
	if o.Writer == nil {
		o.Writer = func(context.Context, mirror.SwitchID) string { return "" }
	}
	if o.Receivers == nil {
		o.Receivers = func() []Receiver { return nil }
	}
	if o.Unclaimed == nil {
		o.Unclaimed = func() []Unclaimed { return nil }
	}
	if o.Ready == nil {
		o.Ready = func() []Check { return nil }
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	if o.DefaultLife == (mirror.Life{}) {
		o.DefaultLife = mirror.Life{For: time.Hour}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewUID == nil {
		o.NewUID = newUUID
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}
