package mirror

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Marker stands in the description of every session of ours on a switch and says whose it is. Identity is the marker and the
// session's key, never its name.
type Marker struct {
	Owner      string    // the installation that made it
	UID        string    // Session.UID
	Generation int64     // Session.Generation that was applied
	Expiry     time.Time // Session.ExpiresAt, in whole seconds; zero: never
}

// markerVersion begins each marker. A marker of another version is not ours to touch.
const markerVersion = "vspan/1"

const (
	markerFields = 5            // the version, o, s, g and x
	latestExpiry = 253402300799 // the last second of the year 9999, beyond which a time has no RFC 3339 form
)

func isSpace(r rune) bool { return unicode.IsSpace(r) }

// String is what stands in the description: `vspan/1 o=<installation> s=<uid> g=<generation> x=<expiry, unix; 0: never>`.
func (m Marker) String() string {
	return fmt.Sprintf("%s o=%s s=%s g=%d x=%d", markerVersion, m.Owner, m.UID, m.Generation, m.expiry())
}

// expiry is Expiry as Unix seconds; 0: never.
func (m Marker) expiry() int64 {
	if m.Expiry.IsZero() {
		return 0
	}
	return m.Expiry.Unix()
}

// ParseMarker finds a marker at the start of a description. ok is false when there is none, or it is not whole: such a session
// is foreign. What follows the marker is a person's and is ignored.
func ParseMarker(description string) (m Marker, ok bool) {
	rest := strings.TrimLeftFunc(description, isSpace)
	var fields [markerFields]string
	for i := range fields {
		fields[i], rest, _ = cutField(rest)
	}
	if fields[0] != markerVersion {
		return Marker{}, false
	}
	var errs [2]error
	var expiry int64
	for i, prefix := range []string{"o=", "s=", "g=", "x="} {
		value, found := strings.CutPrefix(fields[i+1], prefix)
		if !found || value == "" {
			return Marker{}, false
		}
		switch prefix {
		case "o=":
			m.Owner = value
		case "s=":
			m.UID = value
		case "g=":
			m.Generation, errs[0] = strconv.ParseInt(value, 10, 64)
		case "x=":
			expiry, errs[1] = strconv.ParseInt(value, 10, 64)
		}
	}
	if errs[0] != nil || errs[1] != nil || expiry < 0 || expiry > latestExpiry {
		return Marker{}, false
	}
	if expiry != 0 {
		m.Expiry = time.Unix(expiry, 0).UTC()
	}
	return m, true
}

// cutField splits s, which does not begin with a blank, at its first run of blanks.
func cutField(s string) (field, rest string, found bool) {
	at := strings.IndexFunc(s, isSpace)
	if at < 0 {
		return s, "", false
	}
	return s[:at], strings.TrimLeftFunc(s[at:], isSpace), true
}
