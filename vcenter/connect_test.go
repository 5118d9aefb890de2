package vcenter

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// fails runs a client whose login must fail, and returns the error that a call gets. It looks for the canary everywhere.
func fails(t *testing.T, config Config) error {
	t.Helper()
	config.Timeout = 5 * time.Second
	var logged logBuffer
	c, err := New(config, slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	run(t, "client", c.Run)
	if _, err = c.Switches(t.Context()); err == nil {
		t.Fatal("the login succeeded")
	}
	h := c.Health()
	if h.Connected || h.Fault == nil || h.Failures == 0 || h.NextTry.IsZero() || h.Since.IsZero() {
		t.Errorf("health does not tell: %+v", h)
	}
	eventually(t, "the failure is logged", func() bool { return strings.Contains(logged.String(), "login failed") })
	for _, s := range []string{logged.String(), err.Error(), fmt.Sprintf("%+v %#v", err, h), fmt.Sprintf("%+v %#v", c, c)} {
		if leaks(s) {
			t.Errorf("the password shows: %s", s)
		}
	}
	return err
}

func TestWrongPassword(t *testing.T) {
	s := startSim(t, sim.Options{})
	config := simConfig(s)
	config.Username, config.Password = "administrator", NewSecret(canary)
	err := fails(t, config)
	wantFault(t, err, mirror.NotAuthenticated, `"administrator"`, s.URL().Host, "lab", "password is wrong", "InvalidLogin")
}

// A wrong password must not lock the account: it is not tried again at once, however often somebody asks.
func TestWrongPasswordIsTriedRarely(t *testing.T) {
	s := startSim(t, sim.Options{})
	config := simConfig(s)
	config.Password = NewSecret("wrong")
	c := startClient(t, config)
	for range 50 {
		if _, err := c.Switches(t.Context()); err == nil {
			t.Fatal("the login succeeded")
		}
	}
	if h := c.Health(); h.Failures != 1 || time.Until(h.NextTry) < 40*time.Second {
		t.Errorf("%d logins failed, the next is in %s: want one, and most of a minute", h.Failures, time.Until(h.NextTry))
	}
}

func TestUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	u := &url.URL{Scheme: "https", Host: address, Path: "/sdk"}
	err = fails(t, Config{Name: "lab", URL: u, Username: "u", Password: NewSecret(canary)})
	wantFault(t, err, mirror.VCenterUnreachable, address, "cannot be reached", "--vcenter-url")

	u = &url.URL{Scheme: "https", Host: "vcenter.invalid", Path: "/sdk"}
	err = fails(t, Config{Name: "lab", URL: u, Username: "u", Password: NewSecret(canary)})
	wantFault(t, err, mirror.VCenterUnreachable, "vcenter.invalid:443")
}

// A vCenter that accepts the connection and never answers.
func TestSilent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	config := Config{Name: "lab", URL: &url.URL{Scheme: "https", Host: listener.Addr().String(), Path: "/sdk"}, Username: "u", Timeout: 100 * time.Millisecond}
	_, err = connect(t.Context(), config)
	wantFault(t, err, mirror.VCenterUnreachable, listener.Addr().String(), "did not answer in time")
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, s.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	config := simConfig(s)

	config.Thumbprint = ""
	config.Password = NewSecret(canary)
	wantFault(t, fails(t, config), mirror.VCenterUnreachable, "not trusted", s.Thumbprint(), "--vcenter-thumbprint", "--vcenter-ca-file")

	config.Thumbprint = sha256Colon
	wantFault(t, fails(t, config), mirror.VCenterUnreachable, s.Thumbprint(), sha256Colon, "in between")

	other := startSim(t, sim.Options{})
	strange := filepath.Join(t.TempDir(), "other.pem")
	if err := os.WriteFile(strange, other.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	config.Thumbprint, config.CAFile = "", strange
	wantFault(t, fails(t, config), mirror.VCenterUnreachable, "not trusted", s.Thumbprint())

	config.Password = NewSecret("pass")
	for name, change := range map[string]func(*Config){
		"thumbprint": func(c *Config) { c.Thumbprint = s.Thumbprint() },
		"authority":  func(c *Config) { c.CAFile = authority },
		"insecure":   func(c *Config) { c.Insecure = true },
	} {
		good := config
		good.CAFile = ""
		change(&good)
		if got := only(t, startClient(t, good)).Name; got != "DVS0" {
			t.Errorf("%s: got switch %q", name, got)
		}
	}
	config.CAFile = filepath.Join(t.TempDir(), "absent")
	if _, err := New(config, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), config.CAFile) {
		t.Errorf("got %v, want one that names the file", err)
	}
}

func TestNotAVCenter(t *testing.T) {
	replies := map[string]http.HandlerFunc{
		"page":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<!doctype html><html>hello</html>") },
		"not found": http.NotFound,
		"starting":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"redirect":  http.RedirectHandler("https://elsewhere.invalid/", http.StatusTemporaryRedirect).ServeHTTP,
		"nothing":   func(http.ResponseWriter, *http.Request) {},
	}
	for name, handler := range replies {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewTLSServer(handler)
			t.Cleanup(server.Close)
			u, err := url.Parse(server.URL + "/sdk")
			if err != nil {
				t.Fatal(err)
			}
			err = fails(t, Config{Name: "lab", URL: u, Username: "u", Password: NewSecret(canary), Thumbprint: thumbprintOf(server.Certificate())})
			wantFault(t, err, mirror.VCenterUnreachable, u.Host, "not as a vCenter", "--vcenter-url")
		})
	}
	t.Run("plain HTTP", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(server.Close)
		u := &url.URL{Scheme: "https", Host: server.Listener.Addr().String(), Path: "/sdk"}
		err := fails(t, Config{Name: "lab", URL: u, Username: "u", Password: NewSecret(canary)})
		wantFault(t, err, mirror.VCenterUnreachable, u.Host)
	})
}

func TestESXi(t *testing.T) {
	config := startStock(t, simulator.ESX())
	wantFault(t, fails(t, config), mirror.NotSupported, config.URL.Host, "VMware ESXi", "not a vCenter")
}

// A rotated password needs no restart: the file is read at every login.
func TestPasswordFileIsReadAtEachLogin(t *testing.T) {
	s := startSim(t, sim.Options{})
	file := filepath.Join(t.TempDir(), "password")
	write := func(password string) {
		if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := simConfig(s)
	config.Password, config.PasswordFile = Secret{}, file
	write("wrong")
	_, err := connect(t.Context(), config)
	wantFault(t, err, mirror.NotAuthenticated, `"user"`)
	write("pass")
	conn, err := connect(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	conn.close(t.Context())
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	_, err = connect(t.Context(), config)
	wantFault(t, err, mirror.NotAuthenticated, file)
}

func TestRunRunsOnce(t *testing.T) {
	s := startSim(t, sim.Options{})
	c, err := New(simConfig(s), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	only(t, c)
	if err := c.Run(ctx); err == nil {
		t.Error("a second Run ran")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	_, err = c.Switches(t.Context())
	wantFault(t, err, mirror.VCenterUnreachable, "the client has stopped")
}

// Only what is about the user is tried rarely; vCenter's single sign-on may just be starting.
func TestLoginRefused(t *testing.T) {
	config := Config{Name: "lab", URL: mustParse(t, "https://vc.example"), Username: "vspan"}
	for _, tc := range []struct {
		fault  types.BaseMethodFault
		reason mirror.Reason
		words  string
	}{
		{&types.InvalidLogin{}, mirror.NotAuthenticated, "password is wrong"},
		{&types.PasswordExpired{}, mirror.NotAuthenticated, "PasswordExpired"},
		{&types.NoPermission{}, mirror.NoPermission, Privilege},
		{&types.SystemError{}, mirror.VCenterUnreachable, "at this time (SystemError): lookup failed"},
	} {
		err := errTask{types.LocalizedMethodFault{Fault: tc.fault, LocalizedMessage: "lookup failed"}}
		wantFault(t, loginRefused(t.Context(), err, config), tc.reason, tc.words, `"vspan"`, "vc.example:443")
	}
}
