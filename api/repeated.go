package api

import (
	"bytes"
	"encoding/json"
)

// repeatedName returns where the first name ends that stands in its JSON object a second time, or 0. The text must be valid JSON.
//
// Such a document means different things to different readers (RFC 8259, section 4). Here too: what is checked is the last value of
// the name, what is read into a struct is all of them, one over the other.
func repeatedName(text []byte) int64 {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var open []*container
	for {
		token, err := decoder.Token()
		if err != nil {
			return 0 // its end
		}
		if delimiter, ok := token.(json.Delim); ok {
			switch delimiter {
			case '{':
				open = append(open, &container{names: make(map[string]bool), wantsName: true})
				continue
			case '[':
				open = append(open, &container{})
				continue
			}
			open = open[:len(open)-1]
			token = nil // it ends a value
		}
		if len(open) > 0 && open[len(open)-1].repeats(token) {
			return decoder.InputOffset()
		}
	}
}

// container is an object or an array that is not closed yet.
type container struct {
	names     map[string]bool // nil in an array
	wantsName bool            // the next token is a name
}

// repeats takes the next token within an object and reports whether it is a name that was there.
func (c *container) repeats(token json.Token) bool {
	if c.names == nil {
		return false
	}
	name, _ := token.(string)
	isName := c.wantsName
	c.wantsName = !c.wantsName
	if !isName {
		return false
	}
	again := c.names[name]
	c.names[name] = true
	return again
}
