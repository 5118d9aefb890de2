package vcenter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// environ makes a getenv.
func environ(pairs ...string) func(string) string {
	m := make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return m[name] }
}

func yes() *bool { b := true; return &b }

const (
	sha256Lower = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	sha256Colon = "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF"
)

func TestPrecedence(t *testing.T) {
	govc := environ("GOVC_URL", "https://govc:govcpass@govc.example/sdk", "GOVC_INSECURE", "true")
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("filepass\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name        string
		flags, file Settings
		env         func(string) string
		want        string // url user password thumbprint insecure
	}{
		{"govc alone", Settings{}, Settings{}, environ(), "https://govc.example/sdk govc govcpass - true"},
		{"file over govc", Settings{}, Settings{URL: "file.example", Username: "f"}, environ(), "https://file.example/sdk f govcpass - true"},
		{"environment over file", Settings{}, Settings{URL: "file.example", Username: "f"},
			environ("VSPAN_VCENTER_URL", "env.example:8443", "VSPAN_VCENTER_PASSWORD", "envpass"), "https://env.example:8443/sdk f envpass - true"},
		{"flags over all", Settings{URL: "https://flag.example", Username: "flag", Thumbprint: sha256Lower}, Settings{Username: "f", CAFile: "ca"},
			environ("VSPAN_VCENTER_URL", "env", "VSPAN_VCENTER_USERNAME", "e", "VSPAN_VCENTER_PASSWORD", "envpass"),
			"https://flag.example/sdk flag envpass " + sha256Colon + " false"},
		{"a password file hides lower passwords", Settings{PasswordFile: file}, Settings{}, environ("VSPAN_VCENTER_PASSWORD", "envpass"),
			"https://govc.example/sdk govc file - true"},
		{"a thumbprint is not undone by GOVC_INSECURE", Settings{}, Settings{}, environ("VSPAN_VCENTER_THUMBPRINT", sha256Colon),
			"https://govc.example/sdk govc govcpass " + sha256Colon + " false"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			env, err := FromEnvironment(tc.env)
			if err != nil {
				t.Fatal(err)
			}
			low, err := FromGOVC(govc)
			if err != nil {
				t.Fatal(err)
			}
			c, err := Merge(tc.flags, env, tc.file, low).Config("lab")
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(c); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func summary(c Config) string {
	password, thumbprint, insecure := c.Password.Reveal(), "-", "false"
	if c.PasswordFile != "" {
		password = "file"
	}
	if c.Thumbprint != "" {
		thumbprint = c.Thumbprint
	}
	if c.Insecure {
		insecure = "true"
	}
	return strings.Join([]string{c.URL.String(), c.Username, password, thumbprint, insecure}, " ")
}

func TestGOVC(t *testing.T) {
	hosts := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(hosts, []byte("other:443 00\nvc.example:443 "+sha256Colon+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := FromGOVC(environ("GOVC_URL", "us%40er:p%2Fw@vc.example", "GOVC_PASSWORD", "own", "GOVC_TLS_KNOWN_HOSTS", hosts))
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Config("")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := summary(c), "https://vc.example/sdk us@er own "+sha256Colon+" false"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// govc accepts a password with any characters; the last @ ends it.
	s = Settings{URL: "https://administrator@vsphere.local:p@ss%zz@vc.example/sdk"}.splitURL()
	if s.URL != "https://vc.example/sdk" || s.Username != "administrator@vsphere.local" || s.Password.Reveal() != "p@ss%zz" {
		t.Errorf("got %q %q %q", s.URL, s.Username, s.Password.Reveal())
	}
}

func TestSettingsRefused(t *testing.T) {
	good := Settings{URL: "vc.example", Username: "u", Password: NewSecret(canary)}
	for _, tc := range []struct {
		name   string
		change func(*Settings)
		want   string
	}{
		{"no URL", func(s *Settings) { s.URL = "" }, "no vCenter is given"},
		{"bad URL", func(s *Settings) { s.URL = "https://u:" + canary + "@ho st/sdk" }, "cannot be read"},
		{"scheme", func(s *Settings) { s.URL = "ftp://vc.example" }, `scheme "ftp"`},
		{"plain text", func(s *Settings) { s.URL = "http://vc.example" }, "in clear"},
		{"no user", func(s *Settings) { s.Username = "" }, "no user name for vCenter vc.example"},
		{"no password", func(s *Settings) { s.Password = Secret{} }, `no password for "u"`},
		{"two passwords", func(s *Settings) { s.PasswordFile = "x" }, "give one"},
		{"missing file", func(s *Settings) { s.Password = Secret{}; s.PasswordFile = "/nonexistent" }, "/nonexistent"},
		{"two ways to trust", func(s *Settings) { s.CAFile, s.Thumbprint = "ca", sha256Lower }, "said twice"},
		{"insecure with thumbprint", func(s *Settings) { s.Insecure, s.Thumbprint = yes(), sha256Lower }, "said twice"},
		{"SHA-1", func(s *Settings) { s.Thumbprint = sha256Lower[:40] }, "SHA-1"},
		{"short", func(s *Settings) { s.Thumbprint = "AB:CD" }, "2 bytes"},
		{"no hex", func(s *Settings) { s.Thumbprint = "zz" }, "not hexadecimal"},
		{"known hosts", func(s *Settings) { s.KnownHosts = "/nonexistent" }, "known hosts"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := good
			tc.change(&s)
			_, err := Merge(s).Config("lab")
			if err == nil || !strings.Contains(err.Error(), tc.want) || leaks(err.Error()) {
				t.Errorf("got %v, want one with %q", err, tc.want)
			}
		})
	}
	if _, err := FromEnvironment(environ("VSPAN_VCENTER_INSECURE", "perhaps")); err == nil || !strings.Contains(err.Error(), "VSPAN_VCENTER_INSECURE") {
		t.Errorf("got %v, want one that names the variable", err)
	}
}

func TestPasswordFile(t *testing.T) {
	for _, tc := range []struct {
		name, content string
		mode          os.FileMode
		want, refused string
	}{
		{"plain", "s3cret", 0o600, "s3cret", ""},
		{"one line", " s3cret \r\n", 0o400, " s3cret ", ""},
		{"readable by a group, as a mounted secret", "s3cret\n", 0o640, "s3cret", ""},
		{"readable by others", canary, 0o644, "", "mode 0644"},
		{"writable by a group", canary, 0o660, "", "mode 0660"},
		{"empty", "\n", 0o600, "", "is empty"},
		{"several lines", canary + "\nb\n", 0o600, "", "several lines"},
		{"long", strings.Repeat(canary, 400), 0o600, "", "longer than"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "password")
			if err := os.WriteFile(file, []byte(tc.content), tc.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(file, tc.mode); err != nil { // past the umask
				t.Fatal(err)
			}
			got, err := readPassword(file)
			if tc.refused == "" {
				if err != nil || got.Reveal() != tc.want {
					t.Errorf("got %q, %v, want %q", got.Reveal(), err, tc.want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.refused) || !strings.Contains(err.Error(), file) || leaks(err.Error()) {
				t.Errorf("got %v, want one with %q that names the file and not the password", err, tc.refused)
			}
		})
	}
}
