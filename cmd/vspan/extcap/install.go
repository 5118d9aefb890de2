package extcap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Program is the name under which Wireshark finds vspan.
const Program = "vspan-extcap"

// here is the wrapper that this system takes.
var here = wrapperOn(runtime.GOOS)

// Folder is where Wireshark looks for programs that capture: the user's own folder where it has one, else that of all users. Where no
// Wireshark is found it is the one that current versions use.
func Folder(ctx context.Context) (string, error) {
	if said := os.Getenv("WIRESHARK_EXTCAP_DIR"); said != "" {
		return said, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, program := range []string{"tshark", "wireshark"} {
		if out, err := exec.CommandContext(ctx, program, "-G", "folders").Output(); err == nil {
			if folder := folderIn(string(out)); folder != "" {
				return folder, nil
			}
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find Wireshark's folder: %w: say it with --dir", err)
	}
	return filepath.Join(home, ".local", "lib", "wireshark", "extcap"), nil
}

// folderIn is the folder that a list of Wireshark's names: the user's own rather than another.
func folderIn(list string) (folder string) {
	for line := range strings.Lines(list) {
		name, path, ok := strings.Cut(line, ":")
		if path = strings.TrimSpace(path); !ok || path == "" || !strings.Contains(strings.ToLower(name), "extcap path") {
			continue
		}
		if strings.HasPrefix(strings.ToLower(name), "personal") {
			return path
		}
		folder = path
	}
	return folder
}

// Install puts a program in place that calls vspan at the path binary with the arguments, and returns where. What is there and is none of ours
// is left.
func Install(folder, binary string, arguments ...string) (string, error) {
	path := filepath.Join(folder, here.name)
	if err := ours(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return path, unwritable(err)
	}
	f, err := os.CreateTemp(folder, "."+Program+"-*")
	if err != nil {
		return path, unwritable(err)
	}
	_, err = io.WriteString(f, here.head+here.call(append([]string{binary, "extcap"}, arguments...)))
	if err = errors.Join(err, f.Chmod(0o755), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return path, errors.Join(unwritable(err), os.Remove(f.Name()))
	}
	return path, nil
}

// Uninstall removes what Install put in place. It is fs.ErrNotExist when there is nothing.
func Uninstall(folder string) (string, error) {
	path := filepath.Join(folder, here.name)
	if err := ours(path); err != nil {
		return path, err
	}
	if err := os.Remove(path); err != nil {
		return path, unwritable(err)
	}
	return path, nil
}

// ours returns nil where path is a program of ours, or a link to vspan.
func ours(path string) error {
	if target, err := os.Readlink(path); err == nil && strings.HasPrefix(filepath.Base(target), "vspan") {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 4<<10))
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(head, []byte(here.head)) {
		return fmt.Errorf("%s is none of vspan's, and is left as it is", path)
	}
	return nil
}

func unwritable(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: run it as one who may write there, or give another folder with --dir and name it to Wireshark in WIRESHARK_EXTCAP_DIR", err)
	}
	return err
}
