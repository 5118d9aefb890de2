package vcenter

// Settings are what one layer says of a vCenter: the flags, the environment or a file. A zero field says nothing.
type Settings struct {
	URL      string // https://host/sdk; scheme and path may be left out; credentials in it are taken out of it
	Username string

	// How the password is come by: one of both.
	Password     Secret
	PasswordFile string

	// How the certificate is verified: at most one of these.
	CAFile     string
	Thumbprint string
	KnownHosts string // a file of lines "host:port thumbprint", as govc keeps it
	Insecure   *bool
}

// Merge joins layers, the first having the most say. The ways to come by a password hide each other, as do the ways to verify a
// certificate: a thumbprint among the flags is not undone by GOVC_INSECURE, nor a password file by GOVC_PASSWORD. Give them in the
// order flags, [FromEnvironment], configuration file, [FromGOVC].
func Merge(layers ...Settings) Settings {
	var m Settings
	for _, l := range layers {
		l = l.splitURL()
		if m.URL == "" {
			m.URL = l.URL
		}
		if m.Username == "" {
			m.Username = l.Username
		}
		if !m.saysPassword() {
			m.Password, m.PasswordFile = l.Password, l.PasswordFile
		}
		if !m.saysTrust() {
			m.CAFile, m.Thumbprint, m.KnownHosts, m.Insecure = l.CAFile, l.Thumbprint, l.KnownHosts, l.Insecure
		}
	}
	return m
}

// IsZero reports whether nothing is said of any vCenter.
func (s Settings) IsZero() bool { return s == Settings{} }

func (s Settings) saysPassword() bool { return !s.Password.IsZero() || s.PasswordFile != "" }

func (s Settings) saysTrust() bool {
	return s.CAFile != "" || s.Thumbprint != "" || s.KnownHosts != "" || s.Insecure != nil
}
