//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var record = flag.Bool("record", false, "write down what the object was built of, after building it")

// builtOf is the record: the compiler, and the sums of the sources.
const builtOf = "bpf/count_bpfel.sum"

func sourceSums(t *testing.T) string {
	t.Helper()
	var lines strings.Builder
	for _, pattern := range []string{"bpf/*.c", "bpf/*.h", "bpf/*.o"} {
		files, err := filepath.Glob(pattern)
		must(t, err)
		for _, name := range files {
			b, err := os.ReadFile(name)
			must(t, err)
			fmt.Fprintf(&lines, "%x  %s\n", sha256.Sum256(b), filepath.ToSlash(name))
		}
	}
	return lines.String()
}

// clangMajor is the version of the clang that is here; empty without one.
func clangMajor() string {
	out, err := exec.Command("clang", "--version").Output()
	if err != nil {
		return ""
	}
	if m := regexp.MustCompile(`clang version (\d+)\.`).FindSubmatch(out); m != nil {
		return string(m[1])
	}
	return ""
}

// The object that is committed is that of the sources: by the record, and by
// building it again where there is a clang of the same version.
func TestObjectIsOfTheSource(t *testing.T) {
	sums, major := sourceSums(t), clangMajor()
	if *record {
		must(t, os.WriteFile(builtOf, fmt.Appendf(nil, "clang %s\n%s", major, sums), 0o644))
		return
	}
	b, err := os.ReadFile(builtOf)
	must(t, err)
	compiler, recorded, _ := strings.Cut(string(b), "\n")
	if recorded != sums {
		t.Fatalf("sources or object have changed since the object was built: go generate ./mirror/receive/xdp\nrecorded:\n%s\nnow:\n%s", recorded, sums)
	}
	if compiler != "clang "+major {
		t.Skipf("the object was built by %s, here is clang %q: only the record was compared", compiler, major)
	}
	if _, err := exec.LookPath("llvm-strip"); err != nil {
		t.Skip("no llvm-strip: only the record was compared")
	}
	again := filepath.Join(t.TempDir(), "again.o")
	for _, line := range generateLines(t) {
		line = strings.ReplaceAll(line, "bpf/count_bpfel.o", again)
		if arguments := strings.Fields(line); arguments[0] != "go" {
			if out, err := exec.Command(arguments[0], arguments[1:]...).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", line, err, out)
			}
		}
	}
	rebuilt, err := os.ReadFile(again)
	must(t, err)
	if !bytes.Equal(rebuilt, object) {
		t.Error("building the sources again gives another object")
	}
}

// generateLines are the commands of go generate.
func generateLines(t *testing.T) (lines []string) {
	t.Helper()
	b, err := os.ReadFile("kernel_linux.go")
	must(t, err)
	for line := range strings.Lines(string(b)) {
		if command, ok := strings.CutPrefix(strings.TrimSpace(line), "//go:generate "); ok {
			lines = append(lines, command)
		}
	}
	if len(lines) == 0 {
		t.Fatal("no go:generate lines")
	}
	return lines
}
