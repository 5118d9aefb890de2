package oracle_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// made is traffic for what the samples do not have, encoded by a library and not by vspan.
func made(t *testing.T) map[string][]captured {
	t.Helper()
	return map[string][]captured{
		"http":         newWire(t, "10.0.0.1:40000", "10.0.0.2:80").exchange(httpTalk(t)...).frames,
		"http over 6":  newWire(t, "[2001:db8::1]:40000", "[2001:db8::2]:80").exchange(httpTalk(t)...).frames,
		"out of order": shuffled(newWire(t, "10.0.0.1:40000", "10.0.0.2:80").exchange(httpTalk(t)...).frames),
		"again":        again(newWire(t, "10.0.0.1:40000", "10.0.0.2:80").exchange(httpTalk(t)...).frames),
		"ports reused": slices.Concat(
			newWire(t, "10.0.0.1:40000", "10.0.0.2:80").exchange(httpTalk(t)...).frames,
			newWire(t, "10.0.0.1:40000", "10.0.0.2:80").exchange(httpTalk(t)...).frames),
		"dns":        dnsTalk(t),
		"dns by tcp": newWire(t, "10.0.0.1:40000", "10.0.0.2:53").exchange(dnsOverTCP(t)...).frames,
		"tls":        newWire(t, "10.0.0.1:40000", "10.0.0.2:443").exchange(tlsTalk(t, tls.VersionTLS13)...).frames,
		"tls 1.2":    newWire(t, "10.0.0.1:40000", "10.0.0.2:443").exchange(tlsTalk(t, tls.VersionTLS12)...).frames,
		"many":       many(t),
		"cut":        cut(newWire(t, "10.0.0.1:40000", "10.0.0.2:8081").exchange(said{0, make([]byte, 5000)}, said{1, make([]byte, 50000)}).frames, 128),
	}
}

// said is what one end says: 0 is the client.
type said struct {
	end  int
	data []byte
}

// wire makes the frames of one TCP connection.
type wire struct {
	t      *testing.T
	ends   [2]netip.AddrPort
	seq    [2]uint32
	now    time.Time
	frames []captured
}

var started = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newWire(t *testing.T, client, server string) *wire {
	return &wire{
		t: t, ends: [2]netip.AddrPort{netip.MustParseAddrPort(client), netip.MustParseAddrPort(server)},
		seq: [2]uint32{mathrand.Uint32(), mathrand.Uint32()}, now: started,
	}
}

func (w *wire) exchange(all ...said) *wire {
	w.send(0, layers.TCP{SYN: true}, nil)
	w.send(1, layers.TCP{SYN: true, ACK: true}, nil)
	w.send(0, layers.TCP{ACK: true}, nil)
	for _, s := range all {
		for part := range slices.Chunk(s.data, 1400) {
			w.send(s.end, layers.TCP{ACK: true, PSH: len(part) < 1400}, part)
		}
		w.send(1-s.end, layers.TCP{ACK: true}, nil)
	}
	w.send(0, layers.TCP{FIN: true, ACK: true}, nil)
	w.send(1, layers.TCP{FIN: true, ACK: true}, nil)
	w.send(0, layers.TCP{ACK: true}, nil)
	return w
}

func (w *wire) send(end int, tcp layers.TCP, data []byte) {
	src, dst := w.ends[end], w.ends[1-end]
	tcp.SrcPort, tcp.DstPort, tcp.Window = layers.TCPPort(src.Port()), layers.TCPPort(dst.Port()), 65535
	tcp.Seq = w.seq[end]
	if tcp.ACK {
		tcp.Ack = w.seq[1-end]
	}
	w.frames = append(w.frames, captured{time: w.now, frame: packet(w.t, src.Addr(), dst.Addr(), layers.IPProtocolTCP, &tcp, gopacket.Payload(data))})
	w.seq[end] += uint32(len(data))
	if tcp.SYN || tcp.FIN {
		w.seq[end]++
	}
	w.now = w.now.Add(3 * time.Millisecond)
}

func packet(t *testing.T, src, dst netip.Addr, protocol layers.IPProtocol, parts ...gopacket.SerializableLayer) []byte {
	t.Helper()
	eth := &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
	var ip gopacket.SerializableLayer = &layers.IPv4{Version: 4, TTL: 64, Id: uint16(mathrand.Uint32()), Protocol: protocol, SrcIP: src.AsSlice(), DstIP: dst.AsSlice()}
	if src.Is6() {
		eth.EthernetType = layers.EthernetTypeIPv6
		ip = &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: protocol, SrcIP: src.AsSlice(), DstIP: dst.AsSlice()}
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, append([]gopacket.SerializableLayer{eth, ip}, parts...)...); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(b.Bytes())
}

// httpTalk has bodies of every kind: by length, in chunks, none though there is a length, compressed, until the end.
func httpTalk(t *testing.T) []said {
	t.Helper()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	fmt.Fprint(z, strings.Repeat("all work and no play ", 3000))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	get := func(method, target string) said {
		return said{0, []byte(method + " " + target + " HTTP/1.1\r\nHost: www.example\r\nAccept: */*\r\n\r\n")}
	}
	return []said{
		get("GET", "/plain"), {1, []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6000\r\n\r\n" + strings.Repeat("x", 6000))},
		get("HEAD", "/head"), {1, []byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 12345\r\n\r\n")},
		get("GET", "/chunks"), {1, []byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n")},
		get("GET", "/zipped"), {1, append(fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", zipped.Len()), zipped.Bytes()...)},
		{0, []byte("POST /form?a=b HTTP/1.1\r\nHost: www.example\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc")}, {1, []byte("HTTP/1.1 204 No Content\r\n\r\n")},
		get("GET", "/cached"), {1, []byte("HTTP/1.1 304 Not Modified\r\nContent-Type: text/css\r\n\r\n")},
		get("DELETE", "/none"), {1, []byte("HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n")},
		get("GET", "/end"), {1, []byte("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\nand so to the end")},
	}
}

// shuffled swaps some segments with the next.
func shuffled(frames []captured) []captured {
	frames = slices.Clone(frames)
	for i := 6; i+2 < len(frames)-4; i += 5 {
		if len(frames[i].frame) > 1000 && len(frames[i+1].frame) > 200 {
			frames[i].frame, frames[i+1].frame = frames[i+1].frame, frames[i].frame
		}
	}
	return frames
}

// again sends some segments twice.
func again(frames []captured) (all []captured) {
	for i, c := range frames {
		all = append(all, c)
		if i%4 == 3 {
			c.time = c.time.Add(time.Millisecond)
			all = append(all, c)
		}
	}
	return all
}

// cut leaves so many bytes of each frame.
func cut(frames []captured, n int) (all []captured) {
	for _, c := range frames {
		c.length = len(c.frame)
		c.frame = c.frame[:min(n, len(c.frame))]
		all = append(all, c)
	}
	return all
}

// many are short connections beside each other.
func many(t *testing.T) (all []captured) {
	for i := range 200 {
		w := newWire(t, fmt.Sprintf("10.1.0.%d:%d", 1+i%100, 2000+i), fmt.Sprintf("10.2.0.%d:80", 1+i%7))
		all = append(all, w.exchange(httpTalk(t)[:2+2*(i%3)]...).frames...)
	}
	slices.SortStableFunc(all, func(a, b captured) int { return a.time.Compare(b.time) })
	return all
}

func dnsMessages(t *testing.T) (all []*layers.DNS) {
	t.Helper()
	name := []byte("www.example.org")
	for i, kind := range []layers.DNSType{layers.DNSTypeA, layers.DNSTypeAAAA, layers.DNSTypeMX} {
		q := layers.DNSQuestion{Name: name, Type: kind, Class: layers.DNSClassIN}
		all = append(all, &layers.DNS{ID: uint16(100 + i), RD: true, QDCount: 1, Questions: []layers.DNSQuestion{q}})
		answer := layers.DNSResourceRecord{Name: name, Type: kind, Class: layers.DNSClassIN, TTL: 60}
		switch kind {
		case layers.DNSTypeA:
			answer.IP = net.IPv4(192, 0, 2, 1).To4()
		case layers.DNSTypeAAAA:
			answer.IP = net.ParseIP("2001:db8::5")
		default:
			answer.MX = layers.DNSMX{Preference: 10, Name: []byte("mail.example.org")}
		}
		alias := layers.DNSResourceRecord{Name: name, Type: layers.DNSTypeCNAME, Class: layers.DNSClassIN, TTL: 60, CNAME: []byte("other.example.org")}
		all = append(all, &layers.DNS{ID: uint16(100 + i), QR: true, RD: true, RA: true, ResponseCode: layers.DNSResponseCode(i % 2 * 3), Questions: []layers.DNSQuestion{q}, Answers: []layers.DNSResourceRecord{alias, answer}})
	}
	return all
}

func dnsTalk(t *testing.T) (all []captured) {
	ends := [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:5353"), netip.MustParseAddrPort("10.0.0.2:53")}
	for i, m := range dnsMessages(t) {
		src, dst := ends[i%2], ends[1-i%2]
		udp := &layers.UDP{SrcPort: layers.UDPPort(src.Port()), DstPort: layers.UDPPort(dst.Port())}
		all = append(all, captured{time: started.Add(time.Duration(i) * time.Second), frame: packet(t, src.Addr(), dst.Addr(), layers.IPProtocolUDP, udp, m)})
	}
	return all
}

func dnsOverTCP(t *testing.T) (all []said) {
	for i, m := range dnsMessages(t) {
		b := gopacket.NewSerializeBuffer()
		if err := m.SerializeTo(b, gopacket.SerializeOptions{FixLengths: true}); err != nil {
			t.Fatal(err)
		}
		n := len(b.Bytes())
		all = append(all, said{i % 2, append([]byte{byte(n >> 8), byte(n)}, b.Bytes()...)})
	}
	return all
}

// tlsTalk is what Go's own client and server say to each other.
func tlsTalk(t *testing.T, version uint16) []said {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{DNSNames: []string{"www.example"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	client := &listener{Conn: near}
	server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MaxVersion: version, NextProtos: []string{"h2", "http/1.1"}})
	served := make(chan error, 1)
	go func() { served <- server.Handshake() }()
	c := tls.Client(client, &tls.Config{ServerName: "www.example", InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	return client.said
}

// listener keeps what passes a connection.
type listener struct {
	net.Conn
	said []said
}

func (l *listener) Write(b []byte) (int, error) {
	l.said = append(l.said, said{0, bytes.Clone(b)})
	return l.Conn.Write(b)
}

func (l *listener) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if n > 0 {
		l.said = append(l.said, said{1, bytes.Clone(b[:n])})
	}
	return n, err
}
