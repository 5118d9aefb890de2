package wire

import (
	"encoding/json"
	"time"
)

// Session is a mirror: what is asked for, and what is known about it.
type Session struct {
	Name       string            `json:"name" doc:"Unique name, a DNS label" example:"web-01"`
	UID        string            `json:"uid" readOnly:"true" doc:"Made at creation, never reused. It identifies the session on the switch"`
	Revision   int64             `json:"revision" readOnly:"true" doc:"Changes with every change of what is asked for; the ETag is this number in quotes"`
	Generation int64             `json:"generation" readOnly:"true" doc:"Counts changes of spec and renewals of its life, from 1"`
	Labels     map[string]string `json:"labels" doc:"What the owner wants to find it by"`
	CreatedAt  time.Time         `json:"createdAt" readOnly:"true"`
	CreatedBy  string            `json:"createdBy" readOnly:"true"`
	ExpiresAt  time.Time         `json:"expiresAt,omitzero" readOnly:"true" doc:"When its time is up; absent when it never is"`
	DeletedAt  time.Time         `json:"deletedAt,omitzero" readOnly:"true" doc:"Set while the session is being removed from its switch"`
	Spec       Spec              `json:"spec"`
	Status     Status            `json:"status" readOnly:"true"`
}

// SessionInput is the body of PUT and POST: labels and spec. The read-only fields are accepted and ignored, so that what GET
// answered can be edited and sent back; use If-Match to be sure that nothing changed in between.
type SessionInput struct {
	Name   string            `json:"name,omitempty" doc:"May be left out; if given it must equal the name in the URL"`
	Labels map[string]string `json:"labels,omitempty" doc:"Replaces all labels. Keys and values: letters, digits, and . _ / - inside; at most 63 characters, at most 64 labels"`
	Spec   Spec              `json:"spec" doc:"Replaces the whole spec; what is left out has its default"`

	UID        json.RawMessage `json:"uid,omitempty" readOnly:"true" doc:"Ignored"`
	Revision   json.RawMessage `json:"revision,omitempty" readOnly:"true" doc:"Ignored: use If-Match"`
	Generation json.RawMessage `json:"generation,omitempty" readOnly:"true" doc:"Ignored"`
	CreatedAt  json.RawMessage `json:"createdAt,omitempty" readOnly:"true" doc:"Ignored"`
	CreatedBy  json.RawMessage `json:"createdBy,omitempty" readOnly:"true" doc:"Ignored"`
	ExpiresAt  json.RawMessage `json:"expiresAt,omitempty" readOnly:"true" doc:"Ignored: use spec.expiresIn, spec.expiresAt or :extend"`
	DeletedAt  json.RawMessage `json:"deletedAt,omitempty" readOnly:"true" doc:"Ignored"`
	Status     json.RawMessage `json:"status,omitempty" readOnly:"true" doc:"Ignored"`
}

// SessionList is a page of sessions, ordered by name.
type SessionList struct {
	Items         []Session `json:"items"`
	NextPageToken string    `json:"nextPageToken" doc:"Give it as pageToken to get the next page; empty on the last one"`
	Damaged       []string  `json:"damaged,omitempty" doc:"Names of sessions whose records cannot be read; they are in no page. Absent when there are none"`
}
