package api

import (
	"context"

	"github.com/vspan-io/vspan/api/wire"
)

const getText = `With ` + "`wait`" + ` the answer comes when the condition named by ` + "`for`" + ` is True, or when waiting has become useless (the
condition is False for a reason that does not pass by itself), or when the time is up. It is 200 each time: look at the condition.`

// SessionPath names a session in the URL.
// It is exported only because huma reads no other embedded structs.
type SessionPath struct {
	Name string `path:"name" doc:"The session's name" example:"web-01"`
}

// WaitQuery asks for an answer when a condition holds.
// It is exported only because huma reads no other embedded structs.
type WaitQuery struct {
	Wait string `query:"wait" example:"30s" doc:"How long to wait for the condition, at most 5m"`
	For  string `query:"for" enum:"Accepted,Applied,Delivering,Ready" doc:"The condition to wait for; Ready when left out"`
}

type getInput struct {
	SessionPath
	WaitQuery
}

type getOutput struct {
	ETag string `header:"ETag" doc:"The session's revision, for If-Match. It stands for what is asked for, not for the status"`
	Body wire.Session
}

func (h *sessions) get(ctx context.Context, in *getInput) (*getOutput, error) {
	goal, p := in.goal()
	if p != nil {
		return nil, p
	}
	s, err := h.find(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if goal.timeout > 0 {
		if s, err = h.await(ctx, s, goal); err != nil {
			return nil, err
		}
	}
	return &getOutput{ETag: etag(s), Body: renderSession(s, h.board.Status(s.UID))}, nil
}

type evidenceInput struct{ SessionPath }

type evidenceOutput struct{ Body wire.EvidenceReport }

func (h *sessions) evidence(ctx context.Context, in *evidenceInput) (*evidenceOutput, error) {
	s, err := h.find(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	status := h.board.Status(s.UID)
	e := status.Evidence
	return &evidenceOutput{wire.EvidenceReport{
		Session: s.Name, UID: s.UID,
		Verdict:  renderVerdict(status.Verdict),
		Evidence: renderEvidence(e),
		Sequence: wire.Sequence{Usable: e.SequenceUsable, Resets: e.Resets},
		Doubts:   wire.Doubts{Ambiguous: e.Ambiguous, Unlisted: e.Unlisted},
		Sources:  renderSources(status),

		Diagnoses: renderDiagnoses(e.Diagnoses), Figures: renderFigures(e.Figures),
	}}, nil
}
