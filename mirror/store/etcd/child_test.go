package etcd

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vspan-io/vspan/mirror/store/storetest"
)

// childTask is set in the environment of this test when it is to be another process: see child.
const childTask = "VSPAN_TEST_CHILD"

func TestMain(m *testing.M) {
	if task := os.Getenv(childTask); task != "" {
		if err := runChild(task); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// Of a database that is damaged in two places bbolt tells the first and panics, which inspect recovers from: its search waits for ever
	// to tell the second. Whoever opens such a directory ends then.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("go.etcd.io/bbolt.(*DB).freepages.func2"))
}

// task is what another process does until its standard input ends.
type task struct {
	Dir      string    // of a node; with Options
	Options  Options   // without a log
	NoSync   bool      // unsafe
	Writes   bool      // sessions, one after the other, and tells the name of each that was acknowledged
	External *External // of a client that campaigns
	Thing    string
}

func runChild(encoded string) error {
	var c task
	if err := json.Unmarshal([]byte(encoded), &c); err != nil {
		return err
	}
	ctx := context.Background()
	if c.External != nil {
		return campaignInChild(ctx, *c.External, c.Thing)
	}
	c.Options.unsafeNoFsync = c.NoSync
	s, err := Open(ctx, c.Dir, c.Options)
	if err != nil {
		return err
	}
	fmt.Println("open")
	for i := 0; c.Writes; i++ {
		if _, err := s.Create(ctx, storetest.Session(fmt.Sprint("s-", i))); err != nil {
			return err
		}
		fmt.Println(fmt.Sprint("s-", i))
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return s.Close()
}

// campaignInChild tells when it is elected, and on every line of input whether its tenure lasts.
func campaignInChild(ctx context.Context, e External, thing string) error {
	s, err := Connect(ctx, e)
	if err != nil {
		return err
	}
	tenure, err := s.Campaign(ctx, thing)
	if err != nil {
		return err
	}
	fmt.Println("elected")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		err := tenure.Confirm(ctx)
		select {
		case <-tenure.Lost():
			fmt.Println("lost,", err)
		default:
			fmt.Println("lasts,", err)
		}
	}
	return s.Close()
}

// child is another process that runs this test's binary.
type child struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start runs a task in another process, which is killed when the test ends.
func start(t *testing.T, do task, says string) *child {
	t.Helper()
	encoded, err := json.Marshal(do)
	if err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: exec.Command(os.Args[0])}
	c.Env = append(os.Environ(), childTask+"="+string(encoded))
	c.Stderr = os.Stderr
	if c.in, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	if says != "" {
		c.wantLine(t, says)
	}
	return c
}

// kill ends the process as a power cut of its own would.
func (c *child) kill() {
	_ = c.Process.Kill() // it may have ended
	_ = c.Wait()         // its error is that it was killed
}

func (c *child) wantLine(t *testing.T, want string) {
	t.Helper()
	if got, err := c.out.ReadString('\n'); err != nil || got != want+"\n" {
		t.Fatalf("the other process says %q, want %q: %v", got, want, err)
	}
}

// freeURL is of a port of this machine that was free a moment ago.
func freeURL(t *testing.T, scheme string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return scheme + "://" + l.Addr().String()
}

// certificates makes a CA and a certificate of it for this machine.
func certificates(t *testing.T) TLS {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	must(err)
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	must(err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	must(err)
	return TLS{
		CA: write("ca.pem", "CERTIFICATE", caDER), Cert: write("cert.pem", "CERTIFICATE", leafDER), Key: write("key.pem", "EC PRIVATE KEY", keyDER),
	}
}

// external starts an etcd in a process of its own and returns how to reach it.
func external(t *testing.T) (External, *child) {
	t.Helper()
	tls := certificates(t)
	c := &Cluster{Name: "a", ListenPeer: freeURL(t, "http"), ListenClient: freeURL(t, "https"), ClientTLS: tls}
	other := start(t, task{Dir: t.TempDir(), Options: Options{Cluster: c}}, "open")
	return External{Endpoints: []string{c.ListenClient}, TLS: tls}, other
}

func connect(t *testing.T, e External) *Store {
	t.Helper()
	s, err := Connect(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}
