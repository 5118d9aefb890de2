package daemon

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// installationFile keeps the name of this installation in the data directory. It stands in the marker of every session this
// installation makes on a switch: who loses it can no longer tell its own sessions from those of others.
const installationFile = "installation"

var installationPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`) })

// installation returns the name of the installation whose data directory is dir, and makes one on the first run: the given one, if
// any. Without a directory the name lasts as long as the process, unless it is given.
func installation(dir, given string) (string, error) {
	if dir == "" && given == "" {
		return uuid.NewString(), nil
	}
	if dir == "" {
		return given, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the data directory: %w", err)
	}
	path := filepath.Join(dir, installationFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeInstallation(path, given)
	}
	if err != nil {
		return "", fmt.Errorf("reading the name of this installation: %w", err)
	}
	name := strings.TrimSpace(string(content))
	switch {
	case !installationPattern().MatchString(name):
		return "", fmt.Errorf("%s does not hold the name of an installation: restore it from a backup; a new name would make every session already on a switch a stranger's", path)
	case given != "" && name != given:
		return "", fmt.Errorf("%s is of installation %q, and --installation says %q: leave it out, or use another directory", dir, name, given)
	default:
		return name, nil
	}
}

// UsedDataDir is DataDir if an installation has used it before, else "".
func (c Config) UsedDataDir() string {
	if _, err := os.Stat(filepath.Join(c.DataDir, installationFile)); c.DataDir == "" || errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return c.DataDir
}

// makeInstallation writes the name to a file of its own first and links it into place, so that a crash leaves a whole name or
// none and two daemons that start at once agree.
func makeInstallation(path, given string) (string, error) {
	name := cmp.Or(given, uuid.NewString())
	file, err := os.CreateTemp(filepath.Dir(path), installationFile+".*")
	if err != nil {
		return "", fmt.Errorf("naming this installation: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(name + "\n")
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Link(file.Name(), path)
	}
	if errors.Is(err, fs.ErrExist) {
		return installation(filepath.Dir(path), given)
	}
	if err != nil {
		return "", fmt.Errorf("naming this installation: %w", err)
	}
	return name, nil
}
