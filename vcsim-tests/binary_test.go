package vcsimtests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// binary is the vspan that the tests of processes start. It is built when the first of them asks for it.
var binary struct {
	once sync.Once
	dir  string
	err  error
}

// vspan returns the path of the binary.
func vspan(t *testing.T) string {
	t.Helper()
	binary.once.Do(func() { binary.err = build() })
	if binary.err != nil {
		t.Fatal(binary.err)
	}
	return filepath.Join(binary.dir, "vspan")
}

func build() (err error) {
	// Of a program that a test starts go test's cache knows nothing; of a folder that it reads it knows when files in it change.
	if _, err := os.ReadDir("../cmd/vspan"); err != nil {
		return err
	}
	if binary.dir, err = os.MkdirTemp("", "vspan-tests-"); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-o", filepath.Join(binary.dir, "vspan"), "../cmd/vspan")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build vspan: %w: %s", err, out)
	}
	return nil
}

func removeBinary() {
	if binary.dir != "" {
		_ = os.RemoveAll(binary.dir)
	}
}
