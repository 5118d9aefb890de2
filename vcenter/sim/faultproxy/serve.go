package faultproxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// maxRequest bounds the body of a request; the largest real ones are some hundred kB.
const maxRequest = 8 << 20

// serve lets one call meet its fate. ctx ends with Run.
func (p *Proxy) serve(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		if _, long := errors.AsType[*http.MaxBytesError](err); long {
			http.Error(w, "the fault proxy takes no request of this length", http.StatusRequestEntityTooLarge)
			return
		}
		abort(r)
	}
	method := methodOf(r, body)
	p.calls.add(method)
	fate := p.rules.decide(method)
	if !pause(ctx, fate.before) {
		abort(r)
	}
	switch fate.rule.Fault {
	case Status:
		http.Error(w, http.StatusText(fate.rule.Status), fate.rule.Status)
		return
	case Reset:
		abort(r)
	case Stall:
		<-r.Context().Done()
		abort(r)
	}
	forwarding := ctx
	if fate.through() {
		forwarding = r.Context() // a client that gives up ends its long poll
	}
	reply, err := p.forward(forwarding, r, body)
	if err != nil {
		p.log.Info("call not forwarded", "method", method, "error", err)
		abort(r)
	}
	if fate.rule.Fault == DropReply || !pause(r.Context(), fate.after) {
		abort(r)
	}
	answer(w, reply, fate.rule)
}

// pause waits for d and tells whether ctx lasts.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// answer sends the reply, or as much of it as the rule leaves.
func answer(w http.ResponseWriter, reply reply, rule Rule) {
	copyHeader(w.Header(), reply.header)
	body := reply.body
	if rule.Fault == CutReply || rule.Fault == TruncateReply {
		body = beginning(body, rule.Keep)
	}
	length := len(body)
	if rule.Fault == CutReply {
		length = len(reply.body)
	}
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(reply.status)
	_, err := w.Write(body)
	if rule.Fault == CutReply && err == nil {
		_ = http.NewResponseController(w).Flush() // fails when the client is gone, which ends the same
		panic(http.ErrAbortHandler)
	}
}

// beginning is what is left of a body.
func beginning(body []byte, keep int) []byte {
	if keep == 0 {
		keep = len(body) / 2
	}
	return body[:max(0, min(keep, len(body)-1))]
}
