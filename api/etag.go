package api

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// conditions are the preconditions of a request (RFC 9110, section 13.1). The zero value demands nothing.
type conditions struct {
	exists    bool    // If-Match: *
	revisions []int64 // If-Match: "7", "8"; nil when not given
	absent    bool    // If-None-Match: *
}

// parse reads If-Match and If-None-Match; "" is not given.
func parseConditions(ifMatch, ifNoneMatch string) (conditions, *wire.Problem) {
	var c conditions
	if ifNoneMatch != "" {
		if ifNoneMatch != "*" {
			return c, invalidField("header.If-None-Match", "want *, which creates only")
		}
		c.absent = true
	}
	switch ifMatch {
	case "":
		return c, nil
	case "*":
		c.exists = true
		return c, nil
	}
	c.revisions = []int64{}
	for tag := range strings.SplitSeq(ifMatch, ",") {
		tag = strings.TrimSpace(tag)
		if strings.HasPrefix(tag, `W/"`) {
			continue // a weak tag never matches (RFC 9110, section 13.1.1)
		}
		text, quoted := strings.CutPrefix(tag, `"`)
		text, closed := strings.CutSuffix(text, `"`)
		if !quoted || !closed {
			return c, invalidField("header.If-Match", `want the ETag with its quotes, e.g. "7", or *`)
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			c.revisions = append(c.revisions, n)
		} // a tag that is no number is none of ours and matches nothing
	}
	return c, nil
}

// check judges the conditions against the session there is; nil for none.
func (c conditions) check(s *mirror.Session) *wire.Problem {
	switch {
	case s == nil && (c.exists || c.revisions != nil):
		return preconditionFailed.problem("If-Match is given and there is no such session")
	case s != nil && c.absent:
		return preconditionFailed.problem("If-None-Match: * is given and the session exists, with revision %d", s.AskedRevision())
	case s != nil && c.revisions != nil && !slices.Contains(c.revisions, s.AskedRevision()):
		return preconditionFailed.problem("the session's revision is %d now: read it again and decide anew", s.AskedRevision())
	default:
		return nil
	}
}
