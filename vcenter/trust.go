package vcenter

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// errUntrusted is a certificate that is not the one that was pinned.
type errUntrusted struct{ want, got string }

func (e errUntrusted) Error() string {
	return fmt.Sprintf("its certificate's SHA-256 thumbprint is %s, not %s", e.got, e.want)
}

// tlsConfig verifies by the system's authorities, by those of a file, by thumbprint alone, or not at all.
func tlsConfig(c Config) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.URL.Hostname()}
	switch {
	case c.Thumbprint != "":
		t.InsecureSkipVerify = true // the chain, not the certificate: that is verified below, on every connection
		t.VerifyConnection = func(state tls.ConnectionState) error {
			if got := thumbprintOf(state.PeerCertificates[0]); got != c.Thumbprint {
				return errUntrusted{want: c.Thumbprint, got: got}
			}
			return nil
		}
	case c.CAFile != "":
		pool, err := readAuthorities(c.CAFile)
		if err != nil {
			return nil, err
		}
		t.RootCAs = pool
	default:
		t.InsecureSkipVerify = c.Insecure
	}
	return t, nil
}

func thumbprintOf(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return colons(sum[:])
}

// readAuthorities reads a file of PEM certificates, or several joined the way PATH is.
func readAuthorities(files string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, file := range filepath.SplitList(files) {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("CA file: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("CA file %q holds no PEM certificate", file)
		}
	}
	return pool, nil
}

// untrusted says what to do about a certificate that was not accepted; "" when err is about something else.
func untrusted(err error) string {
	if pinned, ok := errors.AsType[errUntrusted](err); ok {
		return pinned.Error() + "; if vCenter's certificate was renewed, verify the new thumbprint on vCenter and give it by --vcenter-thumbprint; if it was not, somebody is in between"
	}
	failed, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok || len(failed.UnverifiedCertificates) == 0 {
		return ""
	}
	return fmt.Sprintf("its certificate is not trusted (%v); its SHA-256 thumbprint is %s: if that is the one vCenter has, give it by --vcenter-thumbprint (VSPAN_VCENTER_THUMBPRINT), or give the authority's certificate by --vcenter-ca-file (VSPAN_VCENTER_CA_FILE)",
		failed.Err, thumbprintOf(failed.UnverifiedCertificates[0]))
}
