package extcap

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sentence is what Wireshark takes for a line of an answer (its extcap_parser.c).
var sentence = regexp.MustCompile(`^(extcap|interface|dlt|arg|value) (\{[a-z]+=[^{}\n]*\})+$`)

func lines(t *testing.T, write func(*strings.Builder) error) []string {
	t.Helper()
	var b strings.Builder
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(b.String()) {
		if line = strings.TrimSuffix(line, "\n"); !sentence.MatchString(line) {
			t.Errorf("Wireshark would not understand %q", line)
		}
		all = append(all, line)
	}
	return all
}

var hostile = Directory{
	Sessions: []Session{{"web-01", "VM a}{b=c\n\x1b[31m"}}, VMs: []string{"a b", "x}{value=y", "100%\\\"", "zeile\nzwei", "größe"},
}

func TestInterfaces(t *testing.T) {
	got := lines(t, func(b *strings.Builder) error { return WriteInterfaces(b, "1.2", hostile) })
	want := []string{
		"extcap {version=1.2}{display=vspan}", "interface {value=vspan-web-01}{display=vspan session web-01: VM a__b=c__[31m}",
		"interface {value=vspan_mirror}{display=vspan: mirror a VM}",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	for name, want := range map[string]string{"vspan-web-01": "web-01", "vspan_mirror": "", "eth0": "", "vspan-": "", "vspan-../x": ""} {
		if got, ok := SessionOf(name); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
}

func TestConfig(t *testing.T) {
	got := lines(t, func(b *strings.Builder) error { return WriteConfig(b, Mirror, hostile) })
	var vms []string
	for _, line := range got {
		if value, ok := strings.CutPrefix(line, "value {arg=0}{value="); ok {
			value, _, _ = strings.Cut(value, "}")
			vms = append(vms, Unescape(value))
		}
	}
	if d := cmp.Diff(hostile.VMs, vms); d != "" {
		t.Errorf("the VMs do not come back (-want +got)\n%s", d)
	}
	if again := lines(t, func(b *strings.Builder) error { return WriteReload(b, "--vm", hostile) }); len(again) != len(hostile.VMs) {
		t.Errorf("read again: %v", again)
	}
	if other := lines(t, func(b *strings.Builder) error { return WriteReload(b, "filter", hostile) }); len(other) != 0 {
		t.Errorf("another option: %v", other)
	}
	if of := lines(t, func(b *strings.Builder) error { return WriteConfig(b, "vspan-web-01", hostile) }); slices.ContainsFunc(of, func(s string) bool { return strings.Contains(s, "--vm") }) {
		t.Errorf("a session has the option of a VM: %v", of)
	}
	lines(t, func(b *strings.Builder) error { return WriteDLTs(b) })
}

func TestCache(t *testing.T) {
	c := cacheIn(filepath.Join(t.TempDir(), "vspan"), "http://127.0.0.1:8080")
	if _, err := c.Read(now); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before there is one: %v", err)
	}
	want := Directory{Server: c.server, At: now, Sessions: []Session{{"web-01", "VM web-01"}}, VMs: []string{"a"}}
	if err := c.Write(want); err != nil {
		t.Fatal(err)
	}
	got, err := c.Read(now.Add(time.Hour))
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	info, err := os.Stat(c.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for _, at := range []time.Time{now.Add(25 * time.Hour), now.Add(-2 * time.Hour)} {
		if _, err := c.Read(at); err == nil {
			t.Errorf("at %s it is believed", at)
		}
	}
	if other := cacheIn(filepath.Dir(c.path), "http://127.0.0.1:8081"); other.path == c.path {
		t.Error("two daemons share a cache")
	} else if err := os.Rename(c.path, other.path); err != nil {
		t.Error(err)
	} else if _, err := other.Read(now); err == nil {
		t.Error("what another daemon said is believed")
	}
	if err := os.Symlink("/dev/zero", c.path); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(now); err == nil {
		t.Error("a device is read")
	}
	ran := 0
	err = c.Alone(func() error {
		ran++
		return c.Alone(func() error { ran++; return nil })
	})
	if err != nil || ran != 1 {
		t.Errorf("ran %d times, %v", ran, err)
	}
}

// FuzzCache: whoever wrote the cache, Wireshark understands what is made of it, and it is bounded.
func FuzzCache(f *testing.F) {
	c := cacheIn("", "s")
	f.Add([]byte(`{"server":"s","at":"2026-03-01T12:00:00Z","sessions":[{"name":"a","of":"VM a"},{"name":"../a"}],"vms":["a","b}{","","\n"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := c.decode(text, now)
		if err != nil {
			return
		}
		if len(d.Sessions) > maxSessions || len(d.VMs) > maxVMs {
			t.Errorf("%d sessions, %d VMs", len(d.Sessions), len(d.VMs))
		}
		lines(t, func(b *strings.Builder) error { return WriteInterfaces(b, "1", d) })
		lines(t, func(b *strings.Builder) error { return WriteConfig(b, Mirror, d) })
	})
}

func TestFolder(t *testing.T) {
	for list, want := range map[string]string{
		"": "",
		"Temp:\t/tmp\nExtcap path:         \t/usr/lib/wireshark/extcap\n":                                                        "/usr/lib/wireshark/extcap",
		"Personal Extcap path:\t/home/u/.local/lib/wireshark/extcap\nGlobal Extcap path:\t/usr/lib/wireshark/extcap\nSystem:\t/": "/home/u/.local/lib/wireshark/extcap",
	} {
		if got := folderIn(list); got != want {
			t.Errorf("%q: %q, want %q", list, got, want)
		}
	}
}

func TestBatchWrapper(t *testing.T) {
	w := wrapperOn("windows")
	got := w.name + "\n" + w.head + w.call([]string{`C:\Program Files\vspan.exe`, "extcap", "--server", "http://h:1/100%"})
	want := "vspan-extcap.bat\n@echo off\r\nrem " + mark + "\r\n\"C:\\Program Files\\vspan.exe\" \"extcap\" \"--server\" \"http://h:1/100%%\" %*\r\n"
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestInstall(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "extcap")
	binary := filepath.Join(t.TempDir(), "a 'program'")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\nfor a; do echo \"<$a>\"; done\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 { // again is no error
		path, err := Install(folder, binary, "--server", "http://h:1/$(x)`y`")
		if err != nil || path != filepath.Join(folder, Program) {
			t.Fatalf("%s, %v", path, err)
		}
		out, err := exec.Command(path, "--extcap-interfaces", "two words").CombinedOutput()
		if want := "<extcap>\n<--server>\n<http://h:1/$(x)`y`>\n<--extcap-interfaces>\n<two words>\n"; err != nil || string(out) != want {
			t.Errorf("got %s, %v", out, err)
		}
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("left %v, %v", entries, err)
	}
	if _, err := Uninstall(folder); err != nil {
		t.Error(err)
	}
	if _, err := Uninstall(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("twice: %v", err)
	}
	path := filepath.Join(folder, Program)
	if err := os.Symlink("/usr/bin/vspan", path); err != nil {
		t.Fatal(err)
	}
	if _, err := Uninstall(folder); err != nil {
		t.Errorf("a link to vspan: %v", err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\nsomebody else's\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Install(folder, binary); err == nil {
		t.Error("what is somebody else's is replaced")
	}
	if _, err := Uninstall(folder); err == nil {
		t.Error("what is somebody else's is removed")
	}
}
