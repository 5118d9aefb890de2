package vcsimtests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/api/wire"
)

// nobody is who Wireshark's programs run as where the tests are root: for root they look for programs that capture in the folder of all
// users alone.
const nobody = 65534

// wiresharkUser is a user with vspan installed for Wireshark.
type wiresharkUser struct {
	t       *testing.T
	home    string
	program string // as Wireshark calls it
}

func newWiresharkUser(t *testing.T, w *world) *wiresharkUser {
	t.Helper()
	home := t.TempDir()
	u := &wiresharkUser{t: t, home: home, program: filepath.Join(home, "extcap", "vspan-extcap")}
	t.Cleanup(u.end)
	binary, err := os.ReadFile(vspan(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "vspan"), binary, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 { // what testing makes is for its owner alone
		for _, path := range []string{filepath.Dir(home), home} {
			if err := os.Chmod(path, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chown(home, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := u.command(t.Context(), filepath.Join(home, "vspan"), "extcap", "install", "--server", w.url).CombinedOutput(); err != nil {
		t.Fatalf("install: %v: %s", err, out)
	}
	return u
}

// end ends what goes on behind the answers that were given, as a shutdown does: until then it may write to the user's home.
func (u *wiresharkUser) end() {
	await(u.t, soon, "what asks the daemon for later has ended", func() (bool, string) {
		left := processesOf(u.t, filepath.Join(u.home, "vspan"))
		for _, pid := range left {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				u.t.Errorf("end process %d: %v", pid, err)
			}
		}
		return len(left) == 0, fmt.Sprintf("processes %v", left)
	})
}

// processesOf returns who runs a program.
func processesOf(t *testing.T, program string) []int {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != program {
			continue // it has ended, or is another's
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link)))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, pid)
	}
	return found
}

func (u *wiresharkUser) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = u.home
	cmd.Env = append(os.Environ(), "HOME="+u.home, "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "VSPAN_SERVER=", "WIRESHARK_EXTCAP_DIR="+filepath.Dir(u.program))
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// tshark runs tshark, or skips the test where there is none.
func (u *wiresharkUser) tshark(args ...string) string {
	u.t.Helper()
	program, err := exec.LookPath("tshark")
	if err != nil {
		u.t.Skip("needs tshark")
	}
	ctx, cancel := context.WithTimeout(u.t.Context(), time.Minute)
	defer cancel()
	var complaints bytes.Buffer
	cmd := u.command(ctx, program, args...)
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		u.t.Fatalf("tshark %v: %v\n%s%s", args, err, out, &complaints)
	}
	return string(out)
}

// passing are the sessions that are there for one capture.
func (w *world) passing() []wire.Session {
	w.t.Helper()
	list := read[wire.SessionList](w.server, w.want(w.do(http.MethodGet, "/v1/sessions?label=made-by%3Dextcap", nil), http.StatusOK))
	return list.Items
}

// TestExtcapWithTshark: the HTTP GET of the VM is there for one who knows tshark and nothing of vspan; and a VM that nobody mirrors is
// mirrored while he captures.
func TestExtcapWithTshark(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	u := newWiresharkUser(t, w)
	for _, want := range []string{"vspan-web-01 (vspan session web-01: VM web-01)", "vspan_mirror (vspan: mirror a VM)"} {
		await(t, soon, "tshark lists "+want, func() (bool, string) { // where nothing is known yet, a daemon without time is not waited for
			list := u.tshark("-D")
			return strings.Contains(list, want), list
		})
	}
	if gets := u.tshark("-n", "-i", "vspan-web-01", "-f", "tcp port 80", "-c", "300", "-Y", "http.request.method == GET"); !strings.Contains(gets, "GET /") {
		t.Errorf("no HTTP GET was seen:\n%s", gets)
	}
	file := filepath.Join(u.home, "mirrored.pcapng")
	u.tshark("-i", "vspan_mirror", "-o", "extcap.vspan_mirror.vm:db-01", "-c", "20", "-w", file)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	info := shark(t, b, "capinfos")
	for _, want := range []string{"Number of interfaces in file: 2", "Name = db-01 Network adapter 1 from-vm", "Name = db-01 Network adapter 1 to-vm", "Number of packets:   20"} {
		if !strings.Contains(info, want) {
			t.Errorf("capinfos does not say %q:\n%s", want, info)
		}
	}
	await(t, soon, "the session is removed", func() (bool, string) {
		left := w.passing()
		return len(left) == 0, fmt.Sprintf("%+v", left)
	})
}

// TestTsharkIsStopped: a capture that is stopped as people stop it has its statistics all the same, though tshark has stopped reading when
// it tells of it.
func TestTsharkIsStopped(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("needs tshark")
	}
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	u := newWiresharkUser(t, w)
	await(t, soon, "tshark lists the session", func() (bool, string) {
		list := u.tshark("-D")
		return strings.Contains(list, "vspan-web-01"), list
	})
	file := filepath.Join(u.home, "stopped.pcapng")
	p := start(t, u.command(context.Background(), program, "-i", "vspan-web-01", "-w", file), (*exec.Cmd).Start)
	await(t, soon, "statistics are in the file", func() (bool, string) {
		b, err := os.ReadFile(file)
		return err == nil && bytes.Contains(b, []byte("so far")), fmt.Sprintf("%d bytes, %v", len(b), err)
	})
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info := shark(t, b, "capinfos"); strings.Contains(info, "Number of stat entries = 0") || !strings.Contains(info, "Number of stat entries = ") {
		t.Errorf("an interface without statistics:\n%s", info)
	}
}

// TestExtcapLeavesNothing: however the capture of a VM ends, its session goes: at once, or soon by itself.
func TestExtcapLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := newWiresharkUser(t, w)
	for name, end := range map[string]func(p *process, pipe *os.File) error{
		"SIGTERM":            func(p *process, _ *os.File) error { return p.cmd.Process.Signal(syscall.SIGTERM) },
		"SIGINT":             func(p *process, _ *os.File) error { return p.cmd.Process.Signal(syscall.SIGINT) },
		"its reader is gone": func(_ *process, pipe *os.File) error { return pipe.Close() },
	} {
		p, pipe := u.mirror(t, "db-01", strings.ReplaceAll(name, " ", "-"))
		if err := end(p, pipe); err != nil {
			t.Fatal(err)
		}
		await(t, soon, name+": the session is removed", func() (bool, string) {
			left := w.passing()
			return len(left) == 0, fmt.Sprintf("%+v", left)
		})
		<-p.ended
		_ = pipe.Close() // unless it was
	}
	p, pipe := u.mirror(t, "db-01", "killed")
	defer pipe.Close()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	left := w.passing()
	if len(left) != 1 || left[0].ExpiresAt.IsZero() || time.Until(left[0].ExpiresAt) > 90*time.Second {
		t.Errorf("what is left does not end by itself: %+v", left)
	}
}

// mirror captures from a VM as Wireshark does, and returns when something has come.
func (u *wiresharkUser) mirror(t *testing.T, vm, name string) (*process, *os.File) {
	t.Helper()
	path := filepath.Join(u.home, name)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(path, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	cmd := u.command(context.Background(), u.program, "--capture", "--extcap-interface", "vspan_mirror", "--fifo", path, "--vm", vm)
	p := start(t, cmd, (*exec.Cmd).Start)
	pipe, err := os.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(pipe, make([]byte, 1000)); err != nil {
		t.Fatalf("%s: nothing comes: %v", name, err)
	}
	return p, pipe
}

// TestExtcapIsAnsweredWithoutTheDaemon: with what there was, whether it refuses or says nothing at all.
func TestExtcapIsAnsweredWithoutTheDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.applied("web-01", mirrorOf("web-01"))
	u := newWiresharkUser(t, w)
	ask := func(what string, args ...string) {
		t.Helper()
		begun := time.Now()
		out, err := u.command(t.Context(), u.program, args...).Output()
		if took := time.Since(begun); err != nil || took > 5*time.Second {
			t.Errorf("%s: after %s %v", what, took, err)
		} else {
			t.Logf("%s: answered after %s", what, took.Round(time.Millisecond))
		}
		if !strings.Contains(string(out), "web-01") {
			t.Errorf("%s: answered\n%s", what, out)
		}
	}
	interfaces, vms := []string{"--extcap-interfaces"}, []string{"--extcap-interface", "vspan_mirror", "--extcap-config"}
	ask("it is asked", interfaces...)
	await(t, soon, "the VMs are kept", func() (bool, string) { // the first time may take longer than Wireshark is kept waiting
		out, err := u.command(t.Context(), u.program, vms...).Output()
		return strings.Contains(string(out), "{value=web-01}"), fmt.Sprintf("%s %v", out, err)
	})
	address := strings.TrimPrefix(w.url, "http://")
	w.stop()
	ask("it is away", interfaces...)
	ask("it is away, VMs", vms...)
	silent, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("the daemon's port has been taken by another: %v", err)
	}
	defer silent.Close() // it takes connections, as every listener does, and answers nothing
	ask("it is silent", interfaces...)
	ask("it is silent, VMs", vms...)
}
