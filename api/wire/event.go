package wire

import "time"

// Event is one thing that happened to a session, or to a switch or the daemon when uid is empty.
type Event struct {
	Seq     uint64    `json:"seq" doc:"Counts the events from 1. Numbers that are missing are of events that are not kept any more, that belong to other sessions, or that the reader was too slow for"`
	At      time.Time `json:"at,omitzero"`
	Kind    string    `json:"kind" example:"applied" doc:"created, changed, deleted, closed, applying, applied, not_applied, standing, drifted, verdict, adopted, damaged, writer_changed, held, payload_opened, payload_closed, probed; there may be more"`
	Failure bool      `json:"failure" doc:"Failures are kept longer than the rest"`
	Who     string    `json:"who" doc:"A user of the API, \"vspan\", or a user of vCenter as vCenter spells him"`
	Session string    `json:"session" example:"web-01" doc:"Its name when it happened"`
	UID     string    `json:"uid" doc:"Of the session; names are given away again, this is not"`
	Switch  string    `json:"switch" doc:"Empty when no switch has to do with it"`
	Message string    `json:"message" doc:"What and why, one sentence for a person"`
}

// EventList is a page of events, the newest first.
type EventList struct {
	Items         []Event `json:"items"`
	NextPageToken string  `json:"nextPageToken"`
}
