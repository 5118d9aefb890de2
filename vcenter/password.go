package vcenter

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/vspan-io/vspan/mirror"
)

// maxPassword bounds what is read of a password file: it is no password if it is longer.
const maxPassword = 4096

// password is the one to log in with now. Its error is a fault.
func (c Config) password() (Secret, error) {
	if c.PasswordFile == "" {
		return c.Password, nil
	}
	password, err := readPassword(c.PasswordFile)
	if err != nil {
		return Secret{}, &mirror.Fault{Reason: mirror.NotAuthenticated, Object: c.object(), Text: "its password cannot be had", Err: err}
	}
	return password, nil
}

// readPassword reads a password file: its content without the line's end. A file that others than its owner and group can read, or
// that its group can write, is refused; orchestrators mount secrets readable by a group.
func readPassword(path string) (Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return Secret{}, fmt.Errorf("password file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Secret{}, fmt.Errorf("password file: %w", err)
	}
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o027 != 0 {
		return Secret{}, fmt.Errorf("password file %q has mode %#o: others can read it, or its group write it; chmod 0600 it", path, mode.Perm())
	}
	content, err := io.ReadAll(io.LimitReader(f, maxPassword+1))
	if err != nil {
		return Secret{}, fmt.Errorf("password file %q: %w", path, err)
	}
	password := strings.TrimRight(string(content), "\r\n")
	switch {
	case len(content) > maxPassword:
		return Secret{}, fmt.Errorf("password file %q is longer than %d bytes", path, maxPassword)
	case password == "":
		return Secret{}, fmt.Errorf("password file %q is empty", path)
	case strings.ContainsAny(password, "\r\n"):
		return Secret{}, fmt.Errorf("password file %q has several lines", path)
	}
	return NewSecret(password), nil
}
