// Package selfsigned makes the certificates of servers that stand for a vCenter.
package selfsigned

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"
)

// Life is long enough for any run, also to be no news to who looks for
// certificates that end soon, and short enough to be useless if the key of one
// leaks.
const Life = 90 * 24 * time.Hour

// Certificate is a server's own, self-signed: it is its own authority. It is not changed once it is made.
type Certificate struct {
	pair tls.Certificate
}

// New makes a certificate for localhost, both loopback addresses and the host
// the server listens on, in the name of its owner.
func New(now time.Time, owner, host string) (*Certificate, error) {
	return NewFor(Life, now, owner, host)
}

// NewFor makes a certificate that is valid for so long; a negative life is that
// of one that has expired.
func NewFor(life time.Duration, now time.Time, owner, host string) (*Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making the server's key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("making the certificate's serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: owner},
		NotBefore:             now.Add(min(life, 0) - time.Hour),
		NotAfter:              now.Add(life),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = append(template.IPAddresses, ip)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("signing the server's certificate: %w", err)
	}
	return &Certificate{pair: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}}, nil
}

// Thumbprint is the SHA-256 of the certificate, upper-case hexadecimal pairs
// joined by colons.
func (c *Certificate) Thumbprint() string { return Thumbprint(c.pair.Certificate[0]) }

// Thumbprint is that of a certificate in DER encoding.
func Thumbprint(der []byte) string {
	sum := sha256.Sum256(der)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}

// PEM encodes the certificate.
func (c *Certificate) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.pair.Certificate[0]})
}

// TLS is the server's configuration, for HTTP/1.1. LoginExtensionByCertificate
// wants to see a client's certificate, if it has one.
func (c *Certificate) TLS() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{c.pair},
		MinVersion:   tls.VersionTLS12,
		ClientAuth:   tls.RequestClientCert,
		NextProtos:   []string{"http/1.1"},
	}
}
