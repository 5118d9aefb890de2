package vcsimtests

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if text := os.Getenv(mortalVariable); text != "" {
		return runMortal(text)
	}
	flag.Parse()
	if !given("test.parallel") {
		// These tests wait for seconds to pass more than they compute, so that many of them fit on few cores.
		if err := flag.Set("test.parallel", "12"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	defer removeBinary()
	return m.Run()
}

// given reports whether a flag is on the command line.
func given(name string) bool {
	found := false
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// long reports whether there is time: 1,000 lost replies rather than 100, a minute of somebody else's edits rather than seconds.
func long() bool { return os.Getenv("VSPAN_LONG") != "" }
