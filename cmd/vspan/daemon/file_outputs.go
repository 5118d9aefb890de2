package daemon

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/vspan-io/vspan/mirror/capture/ringfile"
)

// FileFrames is the part of the configuration file about files of mirrored frames.
type FileFrames struct {
	Directory string        `yaml:"directory"`
	Sessions  []string      `yaml:"sessions"`
	FileSize  Size          `yaml:"fileSize"`
	FileAge   time.Duration `yaml:"fileAge"`
	MaxAge    time.Duration `yaml:"maxAge"`
	MaxTotal  Size          `yaml:"maxTotal"`
	MaxFiles  int           `yaml:"maxFiles"`
	MinFree   *Size         `yaml:"minFree"`
}

// Limits are those of the files.
func (f FileFrames) Limits() ringfile.Limits {
	l := ringfile.Limits{FileSize: int64(f.FileSize), FileAge: f.FileAge, MaxAge: f.MaxAge, MaxTotal: int64(f.MaxTotal), MaxFiles: f.MaxFiles}
	switch {
	case f.MinFree == nil:
	case *f.MinFree == 0:
		l.Reserve = -1
	default:
		l.Reserve = int64(*f.MinFree)
	}
	return l
}

// Size is a number of bytes, written as 1048576, 1024KiB, 1MiB or 1GiB.
type Size int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Size) UnmarshalText(text []byte) error {
	digits, unit := string(text), int64(1)
	for suffix, bytes := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if rest, ok := strings.CutSuffix(digits, suffix); ok {
			digits, unit = rest, bytes
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/unit {
		return fmt.Errorf("%q is no size: want a number of bytes, KiB, MiB or GiB, e.g. 64MiB", text)
	}
	*s = Size(n * unit)
	return nil
}
