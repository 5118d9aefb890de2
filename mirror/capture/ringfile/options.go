package ringfile

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/capture/recording"
)

// Options say what is written where.
type Options struct {
	// Directory takes the files. It is made, for its owner alone, if it is not there; what is above it must be.
	Directory string
	Limits    Limits
	// Rings are what is written: each has its own files.
	Rings []Ring
	// Log takes what goes wrong. Required.
	Log *slog.Logger
}

// Ring is one series of files.
type Ring struct {
	// Name begins the names of the files: lower-case letters, digits and hyphens, at most 80.
	Name string
	// Frames are what is written. They are read by Run alone.
	Frames *capture.Subscription
	// Recording says how.
	Recording recording.Options
}

// Limits bound what is kept. Zero means the default.
type Limits struct {
	FileSize int64         // bytes of a file, at least 1 MiB; default 64 MiB
	FileAge  time.Duration // after which a file is complete; default 10 minutes
	MaxAge   time.Duration // after which a file is deleted, counted from its first frame; default 24 hours
	MaxTotal int64         // bytes of all files together, those being written included; default 1 GiB
	MaxFiles int           // of all rings together; default 1000
	// Reserve is how much of the file system is left free, in bytes: what else writes there must not suffer. Default 256 MiB; negative:
	// nothing.
	Reserve int64
}

const mebi = 1 << 20

func (l Limits) complete() Limits {
	return Limits{
		FileSize: or(l.FileSize, 64*mebi), FileAge: or(l.FileAge, 10*time.Minute), MaxAge: or(l.MaxAge, 24*time.Hour),
		MaxTotal: or(l.MaxTotal, 1024*mebi), MaxFiles: or(l.MaxFiles, 1000), Reserve: or(l.Reserve, 256*mebi),
	}
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Check refuses limits that so many rings cannot keep to.
func (l Limits) Check(rings int) error {
	l = l.complete()
	switch least := (unlisted + 1) * l.FileSize * int64(rings); {
	case l.FileSize < mebi:
		return fmt.Errorf("files of %d bytes: want at least 1 MiB", l.FileSize)
	case l.FileAge < time.Second:
		return fmt.Errorf("files of %v: want at least 1s", l.FileAge)
	case l.MaxAge < l.FileAge:
		return fmt.Errorf("files are deleted after %v and complete after %v: want them complete before", l.MaxAge, l.FileAge)
	case l.MaxTotal < least:
		return fmt.Errorf("%d bytes in total for %d series of files of %d bytes: want at least %d, three of each", l.MaxTotal, rings, l.FileSize, least)
	case l.MaxFiles < (unlisted+1)*rings:
		return fmt.Errorf("%d files for %d series: want at least three of each", l.MaxFiles, rings)
	}
	return nil
}

func (o Options) check() error {
	if o.Directory == "" {
		return errors.New("no directory is said")
	}
	seen := make(map[string]bool)
	for _, r := range o.Rings {
		if !ringName().MatchString(r.Name) || seen[r.Name] {
			return fmt.Errorf("%q cannot be the name of a series of files: want lower-case letters, digits and hyphens, and each once", r.Name)
		}
		seen[r.Name] = true
	}
	return o.Limits.Check(len(o.Rings))
}
