package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ofClient has a test run again when the files change that only the client has, which are no part of the test's own build.
func ofClient(t *testing.T) {
	t.Helper()
	for _, name := range []string{"client.go", "doctor_client.go", "../../mirror/receive/live_other.go"} {
		if _, err := os.Stat(name); err != nil {
			t.Fatal(err)
		}
	}
}

// buildClient builds what 'go build -tags client' makes.
func buildClient(t *testing.T) func(arguments ...string) (out, said string, code int) {
	t.Helper()
	ofClient(t)
	path := filepath.Join(t.TempDir(), "vspan")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "client", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the client: %v: %s", err, out)
	}
	return func(arguments ...string) (string, string, int) {
		t.Helper()
		var out, said bytes.Buffer
		cmd := exec.CommandContext(t.Context(), path, arguments...)
		cmd.Env = append(os.Environ(), "VSPAN_SERVER=http://127.0.0.1:1")
		cmd.Stdout, cmd.Stderr = &out, &said
		err := cmd.Run()
		if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
			t.Fatal(err)
		}
		return out.String(), said.String(), cmd.ProcessState.ExitCode()
	}
}

// TestClient: the client has every command but those that run something, and says of those where they are.
func TestClient(t *testing.T) {
	client := buildClient(t)
	for _, cmd := range newRootCommand().Commands() {
		if cmd.GroupID == groupRun && cmd.Name() != "healthcheck" {
			if _, said, code := client(cmd.Name(), "--some", "flag"); code != exitUsage || !strings.Contains(said, "cmd/vspan@latest") {
				t.Errorf("%s exits %d and says %q", cmd.Name(), code, said)
			}
			continue
		}
		if _, said, code := client(cmd.Name(), "--help"); code != 0 {
			t.Errorf("%s --help exits %d: %s", cmd.Name(), code, said)
		}
	}
	var version build
	if out, _, code := client("version", "-o", "json"); code != 0 || json.Unmarshal([]byte(out), &version) != nil || !version.Client {
		t.Errorf("version -o json: exit %d, %s", code, out)
	}
	if _, said, code := client("doctor"); code == 0 || !strings.Contains(said, "no vspan daemon answers") || !strings.Contains(said, "the whole of vspan") {
		t.Errorf("doctor: exit %d, %s", code, said)
	}
	file := filepath.Join(t.TempDir(), "cut.pcap")
	if err := os.WriteFile(file, []byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x65\x00\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, said, code := client("inspect", "--summary", file); code != 0 || !strings.Contains(out, "packets   0") {
		t.Errorf("inspect: exit %d, %s%s", code, out, said)
	}
}

// TestClientIsLight: what a daemon needs is not in the client, for which it is there.
func TestClientIsLight(t *testing.T) {
	ofClient(t)
	list := func(tags string) string {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", tags, ".").Output()
		if err != nil {
			t.Fatal(err)
		}
		return "\n" + string(out)
	}
	client, whole := list("client"), list("")
	for _, heavy := range []string{
		"github.com/vspan-io/vspan/cmd/vspan/daemon", "github.com/vspan-io/vspan/vcenter", "github.com/vspan-io/vspan/mirror/store",
		"github.com/vmware/govmomi", "go.etcd.io/etcd", "google.golang.org/grpc", "github.com/prometheus/client_golang", "github.com/danielgtaylor/huma",
		"github.com/cilium/ebpf", "github.com/vishvananda/netlink",
	} {
		if strings.Contains(client, "\n"+heavy) || !strings.Contains(whole, "\n"+heavy) {
			t.Errorf("%s: in the client %v, in the whole %v", heavy, strings.Contains(client, "\n"+heavy), strings.Contains(whole, "\n"+heavy))
		}
	}
}
