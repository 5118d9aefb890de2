package wire

import "fmt"

// ProblemType is the prefix of every Problem.Type; the code follows.
const ProblemType = "urn:vspan:problem:"

// ProblemContentType is the media type of a Problem (RFC 9457).
const ProblemContentType = "application/problem+json"

// Problem is why a request was not fulfilled (RFC 9457). No value of the request's body is ever repeated in it.
type Problem struct {
	Type   string       `json:"type" format:"uri" example:"urn:vspan:problem:invalid" doc:"Stable: the code as a URI"`
	Title  string       `json:"title" doc:"The same for every problem of this type"`
	Status int          `json:"status" doc:"HTTP status"`
	Code   string       `json:"code" example:"invalid" doc:"Stable, for programs"`
	Detail string       `json:"detail" doc:"What went wrong this time, and the next step where there is one"`
	Errors []FieldError `json:"errors,omitempty" doc:"What is wrong, place by place"`
	ID     string       `json:"id,omitempty" doc:"Of an internal error: the same id stands in the log"`
}

// FieldError is one thing wrong in a request.
type FieldError struct {
	Field  string `json:"field" example:"spec.sources[0].direction" doc:"Place in the body, or query.NAME, header.NAME, path.NAME"`
	Detail string `json:"detail"`
}

// Error is the detail with the first of the errors.
func (p *Problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if len(p.Errors) == 0 {
		return text
	}
	text += fmt.Sprintf(": %s: %s", p.Errors[0].Field, p.Errors[0].Detail)
	if more := len(p.Errors) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes a problem of what would be plain JSON.
func (p *Problem) ContentType(string) string { return ProblemContentType }
