package vcenter

import (
	"fmt"
	"strconv"
)

// FromEnvironment reads the VSPAN_VCENTER_* variables: URL, USERNAME, PASSWORD, PASSWORD_FILE, CA_FILE, THUMBPRINT and INSECURE.
func FromEnvironment(getenv func(string) string) (Settings, error) {
	s := Settings{
		URL:          getenv("VSPAN_VCENTER_URL"),
		Username:     getenv("VSPAN_VCENTER_USERNAME"),
		Password:     secretOf(getenv("VSPAN_VCENTER_PASSWORD")),
		PasswordFile: getenv("VSPAN_VCENTER_PASSWORD_FILE"),
		CAFile:       getenv("VSPAN_VCENTER_CA_FILE"),
		Thumbprint:   getenv("VSPAN_VCENTER_THUMBPRINT"),
	}
	var err error
	s.Insecure, err = flagOf(getenv, "VSPAN_VCENTER_INSECURE")
	return s, err
}

// FromGOVC reads what govc would read: GOVC_URL, GOVC_USERNAME, GOVC_PASSWORD, GOVC_TLS_CA_CERTS, GOVC_TLS_KNOWN_HOSTS and
// GOVC_INSECURE. Credentials within GOVC_URL are accepted; the variables of their own come before them.
func FromGOVC(getenv func(string) string) (Settings, error) {
	s := Settings{
		URL:        getenv("GOVC_URL"),
		Username:   getenv("GOVC_USERNAME"),
		Password:   secretOf(getenv("GOVC_PASSWORD")),
		CAFile:     getenv("GOVC_TLS_CA_CERTS"),
		KnownHosts: getenv("GOVC_TLS_KNOWN_HOSTS"),
	}
	insecure, err := flagOf(getenv, "GOVC_INSECURE")
	if insecure != nil && *insecure {
		// govc verifies nothing then, whatever else is said.
		s.CAFile, s.KnownHosts, s.Insecure = "", "", insecure
	}
	return s, err
}

func secretOf(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return NewSecret(s)
}

func flagOf(getenv func(string) string, name string) (*bool, error) {
	text := getenv(name)
	if text == "" {
		return nil, nil
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		return nil, fmt.Errorf("%s is %q: want true or false", name, text)
	}
	return &v, nil
}
