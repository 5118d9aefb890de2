package faultproxy

import (
	"fmt"
	"net/http"
	"time"
)

// Fault is what happens to a call.
type Fault int

const (
	// DelayRequest holds a call for Rule.Wait before it is forwarded. It is forwarded then even if the client has given up, as is a
	// packet that was under way.
	DelayRequest Fault = iota + 1
	// DelayReply holds an answer for Rule.Wait.
	DelayReply
	// Status answers with the HTTP status Rule.Status, and nothing is forwarded.
	Status
	// Reset resets the connection (TCP RST), and nothing is forwarded.
	Reset
	// Stall answers nothing, and nothing is forwarded, until the client gives up.
	Stall
	// DropReply forwards, waits for the answer, and resets the connection instead of answering: vCenter carried the call out, and
	// the client cannot know.
	DropReply
	// CutReply sends the beginning of the answer, of Rule.Keep bytes, and closes the connection: the client sees that the rest is
	// missing.
	CutReply
	// TruncateReply sends the beginning of the answer, of Rule.Keep bytes, as if it were all: only its content can tell.
	TruncateReply
)

var faultNames = [...]string{
	DelayRequest: "delay request", DelayReply: "delay reply", Status: "status", Reset: "reset", Stall: "stall",
	DropReply: "drop reply", CutReply: "cut reply", TruncateReply: "truncate reply",
}

// String names the fault.
func (f Fault) String() string {
	if f < DelayRequest || int(f) >= len(faultNames) {
		return fmt.Sprintf("fault %d", int(f))
	}
	return faultNames[f]
}

// delays reports whether a call that meets the fault may meet another one.
func (f Fault) delays() bool { return f == DelayRequest || f == DelayReply }

// Rule says which calls meet a fault. Each call is shown to the rules in the order in which they were added. It meets all delays that
// fire, and the first other fault; rules behind that one are not shown the call, unless they are delays.
type Rule struct {
	// Method is the SOAP method, e.g. ReconfigureDvs_Task, or REST; "" is every request.
	Method string
	Fault  Fault

	Skip        int     // how many matching calls pass first
	Count       int     // how often the rule fires; 0: until it is removed
	Probability float64 // that a matching call that is not skipped meets the fault, 0..1; 0 means 1

	Wait   time.Duration // of delays, up to an hour
	Status int           // of Status, 400..599
	Keep   int           // of CutReply and TruncateReply, bytes; 0: half of the body; never all of it
}

const maxWait = time.Hour

func (r Rule) check() error {
	object := fmt.Sprintf("fault proxy: rule for %q: %s", r.Method, r.Fault)
	switch {
	case r.Fault < DelayRequest || r.Fault > TruncateReply:
		return fmt.Errorf("%s is unknown", object)
	case r.Skip < 0 || r.Count < 0 || r.Keep < 0:
		return fmt.Errorf("%s: skip %d, count %d, keep %d: want 0 or more", object, r.Skip, r.Count, r.Keep)
	case !(r.Probability >= 0 && r.Probability <= 1):
		return fmt.Errorf("%s: probability is %v, want 0..1", object, r.Probability)
	case r.Fault.delays() && (r.Wait <= 0 || r.Wait > maxWait):
		return fmt.Errorf("%s: wait is %v, want more than 0 and up to %v", object, r.Wait, maxWait)
	case r.Fault == Status && (r.Status < http.StatusBadRequest || r.Status > 599):
		return fmt.Errorf("%s: status is %d, want 400..599", object, r.Status)
	}
	return nil
}
