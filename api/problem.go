package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// kind is a type of problem: stable code, HTTP status, title.
type kind struct {
	code   string
	status int
	title  string
}

// The kinds of problems that are not the reason of a fault; those have the reason as their code (see fault.go).
var (
	malformed          = kind{"malformed", http.StatusBadRequest, "The request cannot be read"}
	badFilter          = kind{"bad_filter", http.StatusBadRequest, "The filter cannot be understood"}
	crossOrigin        = kind{"cross_origin", http.StatusForbidden, "Requests from other web sites are refused"}
	payloadNotAllowed  = kind{"payload_not_allowed", http.StatusForbidden, "What was mirrored is not shown"}
	noRoute            = kind{"not_found", http.StatusNotFound, "There is nothing here"}
	sessionNotFound    = kind{"session_not_found", http.StatusNotFound, "There is no such session"}
	orphanNotFound     = kind{"orphan_not_found", http.StatusNotFound, "There is no such orphan"}
	streamNotFound     = kind{"stream_not_found", http.StatusNotFound, "There is no such stream"}
	memberNotFound     = kind{"member_not_found", http.StatusNotFound, "There is no such member"}
	switchNotFound     = kind{"switch_not_found", http.StatusNotFound, "There is no such switch"}
	methodNotAllowed   = kind{"method_not_allowed", http.StatusMethodNotAllowed, "The method is not allowed here"}
	notAcceptable      = kind{"not_acceptable", http.StatusNotAcceptable, "The media type asked for cannot be had"}
	tooSlow            = kind{"too_slow", http.StatusRequestTimeout, "The request took too long to arrive"}
	sessionExists      = kind{"session_exists", http.StatusConflict, "There is a session of this name"}
	sessionRemoving    = kind{"session_removing", http.StatusConflict, "The session is being removed"}
	sessionExpired     = kind{"session_expired", http.StatusConflict, "The session's time is up"}
	neverExpires       = kind{"session_never_expires", http.StatusConflict, "The session has no end"}
	switchAmbiguous    = kind{"switch_ambiguous", http.StatusConflict, "Several switches bear this name"}
	recordDamaged      = kind{mirror.RecordDamaged.String(), http.StatusConflict, "The session's record cannot be read"}
	recordSound        = kind{"record_not_damaged", http.StatusConflict, "The session's record can be read"}
	keyBusy            = kind{"idempotency_key_busy", http.StatusConflict, "A request with this Idempotency-Key is under way"}
	keySpent           = kind{"idempotency_key_spent", http.StatusConflict, "The session made with this Idempotency-Key is gone"}
	keyReused          = kind{"idempotency_key_reused", http.StatusUnprocessableEntity, "The Idempotency-Key belongs to another request"}
	notReceivedHere    = kind{"not_received_here", http.StatusConflict, "What the session mirrors does not come here"}
	noCluster          = kind{"no_cluster", http.StatusConflict, "The store belongs to no cluster"}
	memberExists       = kind{"member_exists", http.StatusConflict, "There is such a member"}
	lastMember         = kind{"last_member", http.StatusConflict, "The last member cannot be removed"}
	quorumAtRisk       = kind{"quorum_at_risk", http.StatusConflict, "The cluster would lose its quorum"}
	preconditionFailed = kind{"precondition_failed", http.StatusPreconditionFailed, "The session is not what the request supposes"}
	tooLarge           = kind{"too_large", http.StatusRequestEntityTooLarge, "The request is too large"}
	unsupportedMedia   = kind{"unsupported_media_type", http.StatusUnsupportedMediaType, "The body's media type is not understood"}
	misdirected        = kind{"misdirected", http.StatusMisdirectedRequest, "The request is for another host"}
	invalid            = kind{"invalid", http.StatusUnprocessableEntity, "The request is not valid"}
	internal           = kind{"internal", http.StatusInternalServerError, "Something is wrong inside vspan"}
	notReady           = kind{"not_ready", http.StatusServiceUnavailable, "vspan cannot do its work"}
	notRecorded        = kind{"not_recorded", http.StatusServiceUnavailable, "What must be recorded cannot be"}
	storeUnavailable   = kind{"store_unavailable", http.StatusServiceUnavailable, "The desired state cannot be read or written"}
	storeFull          = kind{"store_full", http.StatusInsufficientStorage, "The store is full"}
	notReceiving       = kind{"not_receiving", http.StatusServiceUnavailable, "Nothing is received now"}
	tooManyCaptures    = kind{"too_many_captures", http.StatusServiceUnavailable, "Too many are capturing"}
	tooManyStreams     = kind{"too_many_streams", http.StatusServiceUnavailable, "Too many are listening"}
	timedOut           = kind{"timeout", http.StatusServiceUnavailable, "It took too long"}
)

// problem makes a problem of the kind.
func (k kind) problem(format string, args ...any) *wire.Problem {
	return &wire.Problem{
		Type: wire.ProblemType + k.code, Title: k.title, Status: k.status, Code: k.code, Detail: fmt.Sprintf(format, args...),
	}
}

// invalidField makes a problem about one place in the request.
func invalidField(field, format string, args ...any) *wire.Problem {
	return invalidFields([]wire.FieldError{{Field: field, Detail: fmt.Sprintf(format, args...)}})
}

// maxErrors is how many errors a problem lists.
const maxErrors = 32

func invalidFields(errs []wire.FieldError) *wire.Problem {
	p := invalid.problem("%d thing(s) to correct", len(errs))
	p.Errors = errs[:min(len(errs), maxErrors)]
	return p
}

// writeProblem answers with p where no operation is involved.
func writeProblem(w http.ResponseWriter, p *wire.Problem) {
	w.Header().Set("Content-Type", wire.ProblemContentType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // fails only when the client is gone
}
