package mirror

import (
	"fmt"
	"strconv"
	"strings"
	"time"
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

// String is what stands in the description: `vspan/1 o=<installation> s=<uid> g=<generation> x=<expiry, unix; 0: never>`.
func (m Marker) String() string {
	expiry := int64(0)
	if !m.Expiry.IsZero() {
		expiry = m.Expiry.Unix()
	}
	return fmt.Sprintf("%s o=%s s=%s g=%d x=%d", markerVersion, m.Owner, m.UID, m.Generation, expiry)
}

// ParseMarker finds a marker at the start of a description. ok is false when there is none, or it is not whole: such a session
// is foreign. What follows the marker is a person's and is ignored.
func ParseMarker(description string) (m Marker, ok bool) {
	fields := strings.Fields(description)
	if len(fields) < 5 || fields[0] != markerVersion {
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
	if errs[0] != nil || errs[1] != nil {
		return Marker{}, false
	}
	if expiry != 0 {
		m.Expiry = time.Unix(expiry, 0).UTC()
	}
	return m, true
}
