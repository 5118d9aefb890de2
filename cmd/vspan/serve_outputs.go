//go:build !client

package main

import (
	"github.com/spf13/pflag"

	"github.com/vspan-io/vspan/cmd/vspan/daemon"
)

// outputFlags are the flags of vspan serve that say where mirrored frames go beside being counted. A flag comes before the
// configuration file, which alone knows the limits of files.
type outputFlags struct {
	tap          string
	tapSession   string
	files        string
	fileSessions []string
}

func (f *outputFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.tap, "receiver-tap", "", "TAP device to make and to put the mirrored frames on, e.g. mirror0, for Zeek, Suricata or tcpdump; takes CAP_NET_ADMIN, and --receiver-interface")
	flags.StringVar(&f.tapSession, "receiver-tap-session", "", "session whose frames go on the TAP device; default: all")
	flags.StringVar(&f.files, "receiver-files", "", "directory to write the mirrored frames to, as pcapng files that are bounded in size and age")
	flags.StringSliceVar(&f.fileSessions, "receiver-files-session", nil, "session whose frames are written to files, or '*' for all")
}

// over lays the flags that were given over the configuration.
func (f *outputFlags) over(o *daemon.Outputs) {
	if f.tap != "" {
		o.Tap = f.tap
	}
	if f.tapSession != "" {
		o.TapSession = f.tapSession
	}
	if f.files != "" {
		o.Files = f.files
	}
	if len(f.fileSessions) > 0 {
		o.FileSessions = f.fileSessions
	}
}
