package api

import (
	"context"
	"errors"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/flow/follow"
)

// Conversations looks at what sessions mirror, for those who ask: it begins with the first question and goes on for a while after the
// last one.
type Conversations interface {
	// Track returns what is known of the conversations of a session. Its error wraps ErrNotLooking.
	Track(uid string) (Tracked, error)
	// Follow returns what was put together of them. Its error wraps ErrNotLooking.
	Follow(uid string) (Followed, error)
}

// ErrNotLooking says that conversations cannot be looked at now.
var ErrNotLooking = errors.New("conversations are not looked at")

// Tracked are the conversations of a session.
type Tracked struct {
	*flow.Tracker
	Looking
}

// Followed are the streams of a session.
type Followed struct {
	*follow.Follower
	Looking
}

// Looking says since when, until when unless somebody asks again (zero: as long as the session), and how many packets were looked at,
// and how many arrived and were not.
type Looking struct {
	Since, Until    time.Time
	Packets, Missed uint64
}

// noConversations looks at nothing.
type noConversations struct{}

func (noConversations) Track(string) (Tracked, error)   { return Tracked{}, ErrNotLooking }
func (noConversations) Follow(string) (Followed, error) { return Followed{}, ErrNotLooking }

// track finds the session of a name and its conversations.
func (h *conversations) track(ctx context.Context, name string) (mirror.Session, Tracked, error) {
	s, err := h.lookable(ctx, name)
	if err != nil {
		return s, Tracked{}, err
	}
	t, err := h.conversations.Track(s.UID)
	if err != nil {
		return s, t, notLooking(err)
	}
	return s, t, nil
}

// follow finds the session of a name and its streams.
func (h *conversations) follow(ctx context.Context, name string) (mirror.Session, Followed, error) {
	s, err := h.lookable(ctx, name)
	if err != nil {
		return s, Followed{}, err
	}
	f, err := h.conversations.Follow(s.UID)
	if err != nil {
		return s, f, notLooking(err)
	}
	return s, f, nil
}

// lookable finds the session of a name, of which something may be received here.
func (h *conversations) lookable(ctx context.Context, name string) (mirror.Session, error) {
	s, err := h.find(ctx, name)
	switch {
	case err != nil:
		return s, err
	case s.Deleting():
		return s, removing(s)
	case s.Expired(h.now()):
		return s, sessionExpired.problem("the time of session %q is up: nothing of it is looked at any more", name)
	case s.Spec.Destination.Receiver == "":
		return s, notReceivedHere.problem("session %q goes to somebody else's collector: nothing of it arrives here", name)
	}
	return s, nil
}

func notLooking(err error) *wire.Problem { return notReceivedHere.problem("%v", err) }
