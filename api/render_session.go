package api

import (
	"maps"
	"strconv"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// renderSession puts together what is asked for and what is known.
func renderSession(s mirror.Session, status mirror.Status) wire.Session {
	labels := maps.Clone(s.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	return wire.Session{
		Name:       s.Name,
		UID:        s.UID,
		Revision:   s.AskedRevision(),
		Generation: s.Generation,
		Labels:     labels,
		CreatedAt:  utc(s.CreatedAt),
		CreatedBy:  s.CreatedBy,
		ExpiresAt:  utc(s.ExpiresAt),
		DeletedAt:  utc(s.DeletedAt),
		Spec:       renderSpec(s.Spec),
		Status:     renderStatus(s, status),
	}
}

// etag is a session's revision as a strong entity tag (RFC 9110, section 8.8.3). It stands for what is asked for, not for the status.
func etag(s mirror.Session) string { return strconv.Quote(strconv.FormatInt(s.AskedRevision(), 10)) }

// utc keeps the zero time zero, so that omitzero leaves it out.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}
