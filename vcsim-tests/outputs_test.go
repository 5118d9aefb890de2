package vcsimtests

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/capture/ringfile"
)

// TestFramesAreKeptInFiles: of the session that the configuration names, and of no other; Wireshark reads in them what the VM said, and by
// which adapter.
func TestFramesAreKeptInFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "frames")
	w := newWorld(t, func(s *setup) {
		s.daemon.Receiver.Outputs.Files, s.daemon.Receiver.Outputs.FileSessions = dir, []string{"web-01"}
		s.daemon.Receiver.Outputs.FileLimits = ringfile.Limits{Reserve: -1}
	})
	w.delivering("db-01", mirrorOf("db-01"))
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		t.Errorf("files of a session that was not asked for: %v", entries)
	}
	w.delivering("web-01", mirrorOf("web-01"))
	var output wire.Output
	await(t, soon, "frames are written", func() (bool, string) {
		list := read[wire.ReceiverList](w.server, w.want(w.do(http.MethodGet, "/v1/receivers", nil), http.StatusOK))
		if len(list.Items) != 1 || len(list.Items[0].Outputs) != 1 {
			return false, fmt.Sprintf("%+v", list)
		}
		output = list.Items[0].Outputs[0]
		return output.Frames > 50, fmt.Sprintf("%+v", output)
	})
	if output.Kind != "files" || output.Session != "web-01" || output.Message != "" || output.Lost != 0 {
		t.Errorf("shown as %+v", output)
	}
	if metrics := w.do(http.MethodGet, "/metrics", nil).body; !bytes.Contains(metrics, []byte(`vspan_output_frames_total{output="files"}`)) {
		t.Error("the metrics do not show it")
	}
	w.stop()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 || !strings.HasSuffix(files[0], ".pcapng") {
		t.Fatalf("files: %q, %v", files, err)
	}
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("needs tshark to look into the files")
	}
	fields := func(filter, field string) map[string]int {
		t.Helper()
		out, err := exec.Command(tshark, "-n", "-r", files[0], "-Y", filter, "-T", "fields", "-e", field).Output()
		if err != nil {
			t.Fatalf("tshark: %v", err)
		}
		seen := make(map[string]int)
		for line := range strings.Lines(string(out)) {
			seen[strings.TrimSpace(line)]++
		}
		return seen
	}
	names := fields("frame", "frame.interface_name")
	if len(names) != 2 || names["web-01 Network adapter 1 from-vm"] == 0 || names["web-01 Network adapter 1 to-vm"] == 0 {
		t.Errorf("the interfaces are %v", names)
	}
	if methods := fields("http.request", "http.request.method"); methods["GET"] == 0 {
		t.Errorf("no HTTP GET is in the file: %v", methods)
	}
	mac := w.vm("web-01").NICs[0].MAC
	if other := fields(fmt.Sprintf("eth.src != %s && eth.dst != %s && !(eth.dst.ig == 1)", mac, mac), "frame.number"); len(other) > 0 {
		t.Errorf("%d frames are none of web-01's", len(other))
	}
}
