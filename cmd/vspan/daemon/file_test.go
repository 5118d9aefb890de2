package daemon

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadFile(t *testing.T) {
	path := write(t, `
listen: 127.0.0.1:9090
dataDir: /var/lib/vspan
vcenters:
  - {name: a, url: https://a.example, username: u, passwordFile: /p, caFile: /ca.pem}
receiver: {interface: eth1, addresses: [10.2.1.110, "2001:db8::1"], workers: 4, snapLen: 0, leaveToStack: true}
expiry: {default: 8h, maximum: 168h}
resync: 30s
`)
	file, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := file.Over(Defaults())
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:9090" || c.DataDir != "/var/lib/vspan" || c.DefaultLife != 8*time.Hour || c.MaxLife != 168*time.Hour || c.Resync != 30*time.Second {
		t.Errorf("got %+v", c)
	}
	want := []netip.Addr{netip.MustParseAddr("10.2.1.110"), netip.MustParseAddr("2001:db8::1")}
	if diff := cmp.Diff(want, c.Receiver.Addresses, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" || c.Receiver.Interface != "eth1" {
		t.Errorf("receiver: %s", diff)
	}
	if r := c.Receiver; r.Workers != 4 || r.SnapLen != 0 || !r.LeaveToStack {
		t.Errorf("receiver: %+v", r)
	}
	if c, err := (File{}).Over(Defaults()); err != nil || c.Receiver.Workers != 1 || c.Receiver.SnapLen != 256 || c.Receiver.LeaveToStack {
		t.Errorf("of a file that says nothing: %+v, %v", c.Receiver, err)
	}
	if len(file.VCenters) != 1 || file.VCenters[0].Settings().CAFile != "/ca.pem" {
		t.Errorf("vCenters: %+v", file.VCenters)
	}
}

func TestReadFileRefuses(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"misspelt key":  {"lsten: 127.0.0.1:1\n", "lsten"},
		"a password":    {"vcenters: [{name: a, password: secret}]\n", "password"},
		"no duration":   {"resync: soon\n", "soon"},
		"no address":    {"receiver: {addresses: [eth0]}\n", "eth0"},
		"not YAML":      {"{", "configuration"},
		"two documents": {"listen: 127.0.0.1:1\n---\nlisten: 127.0.0.1:2\n", "one document"},
	} {
		if _, err := ReadFile(write(t, c.content)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error that names %q", name, err, c.want)
		}
	}
	if _, err := ReadFile(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("an absent file is no error")
	}
	if _, err := ReadFile(write(t, "")); err != nil {
		t.Errorf("an empty file says nothing and is none: %v", err)
	}
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vspan.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
