package tls

import (
	"bytes"
	gotls "crypto/tls"
	"net"
	"slices"
	"testing"
)

// hello is the ClientHello that Go's client sends.
func hello(t testing.TB) []byte {
	t.Helper()
	near, far := net.Pipe()
	go func() {
		_ = gotls.Client(near, &gotls.Config{ServerName: "www.example", NextProtos: []string{"h2", "http/1.1"}}).Handshake() // fails when far closes
		near.Close()
	}()
	b := make([]byte, 16<<10)
	n, err := far.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	far.Close()
	return b[:n]
}

// reframed puts the handshake message of one record into several.
func reframed(record []byte, size int) (b []byte) {
	for part := range slices.Chunk(record[5:], size) {
		b = append(append(b, 22, 3, 1, byte(len(part)>>8), byte(len(part))), part...)
	}
	return b
}

func TestClientHello(t *testing.T) {
	record := hello(t)
	for name, b := range map[string][]byte{"as sent": record, "in many records": reframed(record, 7)} {
		for _, cut := range []int{0, 1, 4, 5, 6, 50, len(b) - 1} {
			var c Connection
			c.Client(b[:cut])
			more := c.Client(b[cut:])
			h := c.Hello
			if more || !h.Client || h.ServerName != "www.example" || !slices.Equal(h.Offered, []string{"h2", "http/1.1"}) || !slices.Contains(h.Versions, 0x0304) {
				t.Errorf("%s, cut at %d: more %v, %+v", name, cut, more, h)
			}
		}
	}
}

func TestWhatIsNoHello(t *testing.T) {
	var c Connection
	if c.Client([]byte("GET / HTTP/1.1\r\n")) || c.Hello.Client {
		t.Errorf("%+v", c.Hello)
	}
	if c.Client(hello(t)) || c.Hello.Client {
		t.Error("a hello in the middle of a connection was read")
	}
}

func FuzzConnection(f *testing.F) {
	record := hello(f)
	f.Add(record, uint16(20))
	f.Add(reframed(record, 30), uint16(3))
	f.Add(bytes.Replace(record, []byte{1}, []byte{2}, 1), uint16(0))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		var c Connection
		n := min(int(cut), len(b))
		c.Client(b[:n])
		c.Client(b[n:])
		c.Server(b)
		if held := len(c.client.record) + len(c.client.message) + len(c.server.record) + len(c.server.message); held > 4*maxHello+20 {
			t.Fatalf("%d bytes held", held)
		}
		for _, r := range c.Hello.ServerName {
			if r <= ' ' || r > '~' {
				t.Fatalf("name %q", c.Hello.ServerName)
			}
		}
		if len(c.Hello.Offered) > maxList || len(c.Hello.Versions) > maxList {
			t.Fatalf("%+v", c.Hello)
		}
	})
}
