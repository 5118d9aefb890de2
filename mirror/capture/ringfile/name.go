package ringfile

import (
	"regexp"
	"sync"
	"time"
)

var (
	ringName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,79}$`) })
	fileName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,79}-(\d{8}T\d{6}\.\d{9}Z)\.pcapng(\.part)?$`)
	})
)

const (
	stampLayout = "20060102T150405.000000000Z"
	extension   = ".pcapng"
	unfinished  = ".part"
)

// nameAt is the name of a complete file that begins at a time.
func nameAt(ring string, at time.Time) string {
	return ring + "-" + at.UTC().Format(stampLayout) + extension
}

// parseName says when a file of ours begins, and whether it is complete. It is not ok for the name of any other file.
func parseName(name string) (at time.Time, complete, ok bool) {
	m := fileName().FindStringSubmatch(name)
	if m == nil {
		return time.Time{}, false, false
	}
	at, err := time.Parse(stampLayout, m[1])
	return at, m[2] == "", err == nil
}
