package render

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/flow/dns"
	"github.com/vspan-io/vspan/mirror/flow/follow"
	"github.com/vspan-io/vspan/mirror/flow/http1"
	"github.com/vspan-io/vspan/mirror/flow/tls"
)

// Stream is what was read of a conversation. Without payload nothing of what was said is in it but what protocols say of themselves.
func Stream(s *follow.Stream, payload bool) wire.Stream {
	w := wire.Stream{
		ID: s.ID, Client: port(s.Client), Server: port(s.Server), Protocol: flow.ProtocolName(s.Protocol), VLAN: int(s.VLAN),
		First: utc(s.First), Last: utc(s.Last), Kind: string(s.Kind),
		FromClient: wire.StreamWay(s.FromClient), FromServer: wire.StreamWay(s.FromServer),
		HTTP: []wire.Exchange{}, DNS: []wire.DNSMessage{}, Chunks: []wire.Chunk{},
	}
	for _, e := range s.HTTP {
		w.HTTP = append(w.HTTP, exchange(e, s, payload))
	}
	for _, n := range s.DNS {
		w.DNS = append(w.DNS, message(n))
	}
	if s.TLS.Client || s.TLS.Server {
		w.TLS = hello(s.TLS)
	}
	if !payload {
		return w
	}
	w.Cut = s.Cut
	for _, c := range s.Chunks {
		w.Chunks = append(w.Chunks, wire.Chunk{From: whoSaid(c.FromClient), Time: utc(c.Time), Data: c.Data, Missing: c.Missing})
	}
	return w
}

func port(a netip.AddrPort) wire.FlowEnd {
	return wire.FlowEnd{Address: a.Addr().String(), Port: int(a.Port())}
}

func whoSaid(client bool) string {
	if client {
		return "client"
	}
	return "server"
}

func exchange(e http1.Exchange, s *follow.Stream, payload bool) wire.Exchange {
	var w wire.Exchange
	if e.Request.Seen {
		w.Request = &wire.HTTPRequest{
			Method: e.Request.Method, URL: urlOf(e.Request, s.Server), Target: e.Request.Target, Host: e.Request.Host,
			HTTPMessage: head(e.Request.Message, payload),
		}
	}
	if e.Response.Seen {
		w.Response = &wire.HTTPResponse{Status: e.Response.Status, Reason: e.Response.Reason, HTTPMessage: head(e.Response.Message, payload)}
	}
	return w
}

// urlOf is the URL of a request: what it asks for, of the host that it names, or of the server's address.
func urlOf(r http1.Request, server netip.AddrPort) string {
	if strings.Contains(r.Target, "://") || r.Method == "CONNECT" {
		return r.Target
	}
	host := r.Host
	if host == "" {
		host = net.JoinHostPort(server.Addr().String(), strconv.Itoa(int(server.Port())))
	}
	return "http://" + host + r.Target
}

func head(m http1.Message, payload bool) wire.HTTPMessage {
	w := wire.HTTPMessage{
		Version: "HTTP/1." + strconv.Itoa(m.Minor), Begin: utc(m.Begin), End: utc(m.End), ContentType: m.ContentType,
		ContentEncoding: m.ContentEncoding, TransferEncoding: m.TransferEncoding, BodyBytes: m.BodyBytes, Missing: m.Missing,
		DecodedBytes: m.DecodedBytes, DecodedPartly: m.DecodedPartly,
	}
	if payload {
		w.Body = m.Body
	}
	return w
}

func message(n follow.Name) wire.DNSMessage {
	m := n.Message
	w := wire.DNSMessage{
		Time: utc(n.Time), From: whoSaid(n.FromClient), ID: int(m.ID), Response: m.Response, Code: dns.CodeName(m.Code), Cut: m.Cut,
		Questions: []wire.DNSQuestion{}, Answers: []wire.DNSRecord{},
	}
	for _, q := range m.Questions {
		w.Questions = append(w.Questions, wire.DNSQuestion{Name: q.Name, Type: dns.TypeName(q.Type)})
	}
	for _, r := range m.Answers {
		w.Answers = append(w.Answers, wire.DNSRecord{Name: r.Name, Type: dns.TypeName(r.Type), TTL: r.TTL, Data: r.Data})
	}
	return w
}

func hello(h tls.Hello) *wire.TLSHello {
	return &wire.TLSHello{
		ServerName: h.ServerName, Version: tls.VersionName(h.Version), Offered: append([]string{}, h.Offered...), Protocol: h.Protocol,
	}
}
