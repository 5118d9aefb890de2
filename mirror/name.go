package mirror

import (
	"regexp"
	"sync"
)

// namePattern is the shape of a session's name: a DNS label (RFC 1123), so that it fits into URLs, file names and metric labels
// without escaping.
var namePattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`) })

// ValidName reports whether name may name a session: 1 to 63 characters of a–z, 0–9 and inner hyphens.
func ValidName(name string) bool { return namePattern().MatchString(name) }
