package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker in releases: -X main.version=v1.2.3.
var version = ""

func newVersionCommand() *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:               "version",
		Short:             "Print the version",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := build{versionName(), runtime.GOOS, runtime.GOARCH, runtime.Version(), isClient}
			if output == formatJSON {
				return writeJSON(cmd.OutOrStdout(), b)
			}
			part := ""
			if b.Client {
				part = ", the client"
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "vspan %s %s/%s %s%s\n", b.Version, b.OS, b.Arch, b.Go, part)
			return err
		},
	}
	addOutputFlag(cmd, &output)
	return cmd
}

// build is which vspan this is.
type build struct {
	Version string `json:"version"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Go      string `json:"go"` // the compiler's version
	Client  bool   `json:"client,omitempty"`
}

// versionName is the release, or the revision the binary was built from, or "devel".
func versionName() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			revision = "-" + s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "-modified"
		}
	}
	return "devel" + revision + modified
}
