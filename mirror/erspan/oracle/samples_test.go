// Package oracle_test holds vspan's reading of mirror packets against that of
// tshark, field by field: over samples of real senders, and over crafted packets
// for what the samples do not have.
package oracle_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tsharkIsWrong lists, by file and packet, where the two must differ, and why. No
// packet of the known samples is among them; see packets for those that are.
var tsharkIsWrong = map[string]string{}

// fragments is how many outer fragments each sample has; they are not compared.
var fragments = map[string]int{"zeek-erspan.pcap": 55}

func samples(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("VSPAN_PCAPS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "pcaps")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("no samples in %s: set VSPAN_PCAPS to where they are", dir)
	}
	return files
}

func TestSamplesReadAsTsharkReadsThem(t *testing.T) {
	for _, file := range samples(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			ours, theirs := vspan(t, file), tshark(t, file)
			if len(theirs) < len(ours) {
				t.Fatalf("%d packets read, by tshark %d", len(ours), len(theirs))
			}
			skipped, mirrors := 0, 0
			for i := range ours {
				if ours[i]["mirror"] == outerFragment {
					skipped++
					continue
				}
				if ours[i]["mirror"] == "yes" {
					mirrors++
				}
				name := fmt.Sprintf("%s#%d", filepath.Base(file), i+1)
				compare(t, name, ours[i], theirs[i], tsharkIsWrong[name])
			}
			if want := fragments[filepath.Base(file)]; skipped != want {
				t.Errorf("%d outer fragments, want %d", skipped, want)
			}
			t.Logf("%d packets, %d mirrored frames compared, %d outer fragments left out", len(ours), mirrors, skipped)
		})
	}
}

// compare wants both rows alike, unless there is a reason why tshark's is wrong.
func compare(t *testing.T, packet string, ours, theirs row, reason string) {
	t.Helper()
	diff := cmp.Diff(theirs, ours)
	switch {
	case reason != "" && diff == "":
		t.Errorf("packet %s is an exception (%s), and yet both agree", packet, reason)
	case reason == "" && diff != "":
		t.Errorf("packet %s (- tshark, + vspan):\n%s", packet, diff)
	}
}
