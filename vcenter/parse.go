package vcenter

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// Config checks the settings and makes them a configuration. It reads the password file once, so that a missing or a too widely
// readable one is refused at start, and the file of known hosts.
func (s Settings) Config(name string) (Config, error) {
	s = s.splitURL()
	c := Config{Name: name, Username: s.Username, Password: s.Password, PasswordFile: s.PasswordFile, CAFile: s.CAFile}
	if s.URL == "" {
		return Config{}, errors.New("no vCenter is given: set --vcenter-url, VSPAN_VCENTER_URL or GOVC_URL")
	}
	var err error
	if c.URL, err = parseURL(s.URL); err != nil {
		return Config{}, err
	}
	if c.Username == "" {
		return Config{}, fmt.Errorf("no user name for vCenter %s is given: set --vcenter-username, VSPAN_VCENTER_USERNAME or GOVC_USERNAME", c.URL.Host)
	}
	if err := s.checkPassword(c); err != nil {
		return Config{}, err
	}
	return c, s.trust(&c)
}

func (s Settings) checkPassword(c Config) error {
	switch {
	case !s.saysPassword():
		return fmt.Errorf("no password for %q on vCenter %s is given: set --vcenter-password-file, VSPAN_VCENTER_PASSWORD_FILE, VSPAN_VCENTER_PASSWORD or GOVC_PASSWORD", c.Username, c.URL.Host)
	case s.PasswordFile != "" && !s.Password.IsZero():
		return errors.New("a password and a password file are given at the same place: give one")
	case s.PasswordFile != "":
		_, err := readPassword(s.PasswordFile)
		return err
	default:
		return nil
	}
}

func (s Settings) trust(c *Config) error {
	ways := 0
	for _, said := range []bool{s.CAFile != "", s.Thumbprint != "", s.KnownHosts != "" && s.CAFile == "", s.Insecure != nil && *s.Insecure} {
		if said {
			ways++
		}
	}
	if ways > 1 {
		return errors.New("how to verify vCenter's certificate is said twice: give one of CA file, thumbprint and insecure")
	}
	c.Insecure = s.Insecure != nil && *s.Insecure
	if c.URL.Scheme == "http" && !c.Insecure {
		return fmt.Errorf("vCenter's URL http://%s would send the password in clear: use https, or say insecure", c.URL.Host)
	}
	thumbprint := s.Thumbprint
	if thumbprint == "" && s.KnownHosts != "" {
		var err error
		if thumbprint, err = knownThumbprint(s.KnownHosts, c.address()); err != nil {
			return err
		}
	}
	if thumbprint == "" {
		return nil
	}
	var err error
	c.Thumbprint, err = parseThumbprint(thumbprint)
	c.CAFile = "" // a known host says more than an authority
	return err
}

// splitURL takes the credentials out of the URL; what is said of them elsewhere in the layer comes first.
func (s Settings) splitURL() Settings {
	at := strings.LastIndex(s.URL, "@")
	if at < 0 {
		return s
	}
	scheme, rest := "", s.URL
	if i := strings.Index(s.URL, "://"); i >= 0 && i < at {
		scheme, rest = s.URL[:i+3], s.URL[i+3:]
		at -= i + 3
	}
	credentials := rest[:at]
	if strings.Contains(credentials, "/") {
		return s // the @ is in the path; parseURL judges it
	}
	s.URL = scheme + rest[at+1:]
	user, password, has := strings.Cut(credentials, ":")
	if s.Username == "" {
		s.Username = unescape(user)
	}
	if has && !s.saysPassword() {
		s.Password = NewSecret(unescape(password))
	}
	return s
}

// unescape undoes percent encoding where there is any; govc accepts both, and so does a person.
func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// parseURL accepts a bare host as well. Its errors do not quote what was given: there may be a password in it.
func parseURL(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return nil, errors.New("vCenter's URL cannot be read: want https://host/sdk")
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("vCenter's URL has scheme %q: want https", u.Scheme)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/sdk"
	}
	u.RawQuery, u.Fragment = "", ""
	return u, nil
}

// parseThumbprint brings a SHA-256 thumbprint to upper case pairs joined by colons.
func parseThumbprint(text string) (string, error) {
	compact := strings.ReplaceAll(strings.TrimSpace(text), ":", "")
	sum, err := hex.DecodeString(compact)
	switch {
	case err != nil:
		return "", fmt.Errorf("thumbprint %q is not hexadecimal", text)
	case len(sum) == 20:
		return "", fmt.Errorf("thumbprint %q is a SHA-1: give the SHA-256, which is 32 pairs", text)
	case len(sum) != 32:
		return "", fmt.Errorf("thumbprint %q has %d bytes: a SHA-256 has 32", text, len(sum))
	}
	return colons(sum), nil
}

func colons(sum []byte) string {
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}

// knownThumbprint looks a host up in govc's file of known hosts; "" when it is not there.
func knownThumbprint(file, address string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("known hosts: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		host, thumbprint, ok := strings.Cut(lines.Text(), " ")
		if ok && (host == address || host+":443" == address) {
			return strings.TrimSpace(thumbprint), nil
		}
	}
	if err := lines.Err(); err != nil {
		return "", fmt.Errorf("known hosts %q: %w", file, err)
	}
	return "", nil
}
