package etcd

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror/store/storetest"
)

func TestExternalConforms(t *testing.T) {
	t.Parallel()
	e, _ := external(t)
	conform(t, connect(t, e), connect(t, e))
}

// TestExternalGone: an etcd that went away is an error that names it, and soon.
func TestExternalGone(t *testing.T) {
	t.Parallel()
	e, other := external(t)
	s := connect(t, e)
	if err := s.Health(t.Context()); err != nil {
		t.Error(err)
	}
	other.kill()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for what, call := range map[string]func() error{
		"list":   func() error { _, _, err := s.List(ctx); return err },
		"create": func() error { _, err := s.Create(ctx, storetest.Session("a")); return err },
		"watch":  func() error { _, err := s.Watch(ctx, 0); return err },
		"health": func() error { return s.Health(ctx) },
	} {
		began := time.Now()
		if err := call(); err == nil || !strings.Contains(err.Error(), e.Endpoints[0]) || time.Since(began) > 5*time.Second {
			t.Errorf("%s, after %v: %v", what, time.Since(began), err)
		}
	}
}

func TestConnectRefuses(t *testing.T) {
	t.Parallel()
	e, _ := external(t)
	nobody := External{Endpoints: []string{freeURL(t, "https")}, TLS: e.TLS}
	stranger := External{Endpoints: e.Endpoints, TLS: certificates(t)}
	noFile := External{Endpoints: []string{"http://127.0.0.1:1"}, Username: "root", PasswordFile: filepath.Join(t.TempDir(), "none")}
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("canary-5f2e\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	locked := lockedUp(t)
	if err := connect(t, locked).Health(t.Context()); err != nil {
		t.Errorf("with the right password: %v", err)
	}
	for name, c := range map[string]struct {
		External
		says string
	}{
		"nobody there":     {nobody, nobody.Endpoints[0]},
		"another CA":       {stranger, "see that"},
		"no endpoint":      {External{}, "no endpoint"},
		"no URL":           {External{Endpoints: []string{"etcd:2379"}}, "is not like"},
		"no password file": {noFile, "password"},
		"readable":         {External{Endpoints: []string{"http://10.0.0.1:2379"}, Username: "root", PasswordFile: secret}, "use https"},
		"wrong password":   {External{Endpoints: locked.Endpoints, TLS: locked.TLS, Username: "root", PasswordFile: secret}, "user, password"},
		"no password":      {External{Endpoints: locked.Endpoints, TLS: locked.TLS}, "permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			s, err := Connect(ctx, c.External)
			if err == nil {
				closeStore(t, s)
				t.Fatal("connected")
			}
			if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "canary-5f2e") {
				t.Errorf("%v", err)
			}
		})
	}
}

// lockedUp is an etcd that wants to know who asks.
func lockedUp(t *testing.T) External {
	t.Helper()
	e, _ := external(t)
	s := connect(t, e)
	if _, err := s.client.RoleAdd(t.Context(), "root"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.UserAdd(t.Context(), "root", "the right one"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.UserGrantRole(t.Context(), "root", "root"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.AuthEnable(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.Username, e.PasswordFile = "root", filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(e.PasswordFile, []byte("the right one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return e
}
