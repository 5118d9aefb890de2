package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

const verifyText = `Sends a packet with a nonce to the guest of each source, at the address that VMware Tools report or at ` + "`address`" + `, and looks for its copy
in the mirror. It answers when that is known, within 30 s. A copy proves that the mirror delivers, whether or not the guest answers; an answer without a
copy shows that it does not; a guest that cannot be reached proves nothing.

With ` + "`toggle=true`" + ` the session is disabled for some seconds besides, and enabled again: its packets must stop, and come back. **That interrupts the
mirror.** ` + "`spec.enabled`" + ` is not changed by it, and the mirror comes back whatever becomes of the request.`

type verifyInput struct {
	SessionPath
	Method  string `query:"method" enum:"icmp,arp,udp" doc:"What is sent: an echo request (default); a question who has the address, for guests on a segment of the receiver; a datagram to port 33434"`
	Timeout string `query:"timeout" maxLength:"64" example:"4s" doc:"How long to wait for what comes back, a Go duration from 1s to 15s; default 4s"`
	Source  string `query:"source" maxLength:"255" doc:"Probe this source alone: a VM's name or a port key"`
	Address string `query:"address" maxLength:"64" example:"10.0.0.5" doc:"Of the guest, where vCenter does not know it; only when one source is probed"`
	Toggle  bool   `query:"toggle" doc:"Interrupt the mirror for some seconds, and see that its packets stop and come back"`
}

type verifyOutput struct{ Body wire.Verification }

// The kinds of problems of verifying.
var (
	notApplied = kind{"session_not_applied", http.StatusConflict, "The session does not mirror"}
	tooMany    = kind{"too_many_probes", http.StatusTooManyRequests, "Too many probes"}
)

// verifyTime bounds a verification: less than a request may take.
const verifyTime = 28 * time.Second

func (h *sessions) registerVerify(a huma.API) {
	huma.Register(a, operation(a, "sessions", "verify-session", http.MethodPost, "/v1/sessions/{name}:verify", "Prove that a session delivers", verifyText), h.verify)
}

func (h *sessions) verify(ctx context.Context, in *verifyInput) (*verifyOutput, error) {
	how, p := in.verification()
	if p != nil {
		return nil, p
	}
	s, err := h.find(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if p := h.unverifiable(s); p != nil {
		return nil, p
	}
	ctx, cancel := untilStop(ctx, verifyTime)
	defer cancel()
	found, err := h.verifier.Verify(ctx, s, how)
	if soon, ok := errors.AsType[*TooSoon](err); ok {
		seconds := max(int(soon.After.Round(time.Second)/time.Second), 1)
		return nil, huma.ErrorWithHeaders(tooMany.problem("%s; ask again in %d s", soon.Why, seconds), http.Header{"Retry-After": {strconv.Itoa(seconds)}})
	}
	if err != nil {
		return nil, faultProblem(err)
	}
	return &verifyOutput{renderVerified(s, how, found, h.board.Status(s.UID).Placement)}, nil
}

func (in *verifyInput) verification() (Verification, *wire.Problem) {
	how := Verification{Method: in.Method, Source: in.Source, Toggle: in.Toggle}
	var err error
	if in.Timeout != "" {
		if how.Timeout, err = time.ParseDuration(in.Timeout); err != nil || how.Timeout < time.Second || how.Timeout > 15*time.Second {
			return how, invalidField("query.timeout", "want a Go duration from 1s to 15s")
		}
	}
	if in.Address != "" {
		how.Address, err = netip.ParseAddr(in.Address)
		how.Address = how.Address.Unmap()
		if err != nil || how.Address.Zone() != "" || !how.Address.IsGlobalUnicast() {
			return how, invalidField("query.address", "want the IPv4 or IPv6 address of one guest")
		}
	}
	return how, nil
}

// unverifiable says why there is nothing to be proved of a session.
func (h *sessions) unverifiable(s mirror.Session) *wire.Problem {
	p := h.board.Status(s.UID).Placement
	switch {
	case s.Deleting():
		return removing(s)
	case s.Expired(h.now()):
		return sessionExpired.problem("its time was up at %s", s.ExpiresAt.UTC().Format(http.TimeFormat))
	case !s.Spec.Enabled:
		return notApplied.problem("session %q is disabled: enable it first", s.Name)
	case p.Elsewhere:
		return notReceivedHere.problem("the mirror of session %q is received by another daemon of this installation: ask that one", s.Name)
	case !p.At.IsZero() && !p.Local:
		return notReceivedHere.problem("the mirror of session %q goes to somebody else's collector: whether it arrives cannot be seen from here", s.Name)
	case !p.Applied || p.Generation < s.Generation:
		return notApplied.problem("session %q does not stand on its switch as asked yet: wait for Applied", s.Name)
	case h.verifier == nil:
		return notReceivedHere.problem("this daemon sends no probes")
	}
	return nil
}
