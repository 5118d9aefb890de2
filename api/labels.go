package api

import (
	"regexp"
	"sync"

	"github.com/vspan-io/vspan/api/wire"
)

const maxLabels = 64

// labelPattern is the shape of a label's key, and of its value, which may also be empty.
var labelPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$`) })

func checkLabels(labels map[string]string) []wire.FieldError {
	const want = "want 1 to 63 letters and digits, with . _ / - inside"
	if len(labels) > maxLabels {
		return []wire.FieldError{{Field: "labels", Detail: "want at most 64 labels"}}
	}
	for key, value := range labels {
		if !labelPattern().MatchString(key) {
			return []wire.FieldError{{Field: "labels", Detail: "in keys " + want}}
		}
		if value != "" && !labelPattern().MatchString(value) {
			return []wire.FieldError{{Field: field("labels." + key), Detail: want + ", or nothing"}}
		}
	}
	return nil
}
