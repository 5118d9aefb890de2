package oracle_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror/flow/dns"
	"github.com/vspan-io/vspan/mirror/flow/follow"
	"github.com/vspan-io/vspan/mirror/frame"
)

// TestFollow wants the bytes of both directions of streams that tshark's -z follow,tcp,raw gives, and the words that it writes where bytes
// are missing.
func TestFollow(t *testing.T) {
	for name, frames := range cases(t) {
		t.Run(name, func(t *testing.T) {
			file := write(t, frames)
			_, streams, chunks := tracked(frames)
			tcp := slices.DeleteFunc(streams, func(s follow.Stream) bool { return s.Protocol != frame.ProtocolTCP })
			if n := len(theirConversationsByStream(t, file)); n != len(tcp) {
				t.Fatalf("tshark has %d streams, vspan %d", n, len(tcp))
			}
			compared := 0
			for i, s := range tcp[:min(len(tcp), 12)] { // each is a run of tshark
				node0, theirs := followed(t, file, i)
				var ours [2][]byte
				for _, c := range chunks(s.ID).Chunks {
					d := 0
					if c.FromClient != (node0 == s.Client.String()) {
						d = 1
					}
					if c.Missing > 0 && name != "cut" { // of cut frames tshark joins what is left, and does not say so
						ours[d] = append(ours[d], "["+strconv.FormatUint(c.Missing, 10)+" bytes missing in capture file]\x00"...)
					}
					ours[d] = append(ours[d], c.Data...)
				}
				for d := range ours {
					if !bytes.Equal(ours[d], theirs[d]) {
						t.Errorf("stream %d %v-%v, direction %d: %d bytes, tshark %d, alike up to %d", i, s.Client, s.Server, d, len(ours[d]), len(theirs[d]), alike(ours[d], theirs[d]))
					}
					compared += len(theirs[d])
				}
			}
			t.Logf("%d streams, %d bytes", len(tcp), compared)
		})
	}
}

func alike(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func theirConversationsByStream(t *testing.T, file string) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, r := range fields(t, file, "tcp && !icmp && !icmpv6", "tcp.stream") {
		ids[r[0]] = true
	}
	return ids
}

// TestHTTP wants the requests and responses that tshark reads.
func TestHTTP(t *testing.T) {
	for name, frames := range cases(t) {
		t.Run(name, func(t *testing.T) {
			file := write(t, frames)
			_, streams, _ := tracked(frames)
			if !speaks(t, file, "http") && !slices.ContainsFunc(streams, func(s follow.Stream) bool { return len(s.HTTP) > 0 }) {
				return
			}
			var requests, responses []string
			holes := 0
			for _, s := range streams {
				for _, e := range s.HTTP {
					if e.Request.Seen {
						requests = append(requests, strings.Join([]string{e.Request.Method, e.Request.Target, e.Request.Host}, " "))
					}
					if e.Response.Missing > 0 { // tshark reads no message that bytes are missing of
						holes++
						continue
					}
					if e.Response.Seen {
						responses = append(responses, strings.Join([]string{strconv.Itoa(e.Response.Status), e.Response.ContentType, e.Response.ContentEncoding, e.Response.TransferEncoding}, " "))
					}
				}
			}
			const desegmented = "http && !icmp && !(http.notification)"
			compareLists(t, "requests", split(fields(t, file, desegmented+" && http.request", "http.request.method", "http.request.uri", "http.host")), requests)
			compareLists(t, "responses", split(fields(t, file, desegmented+" && http.response", "http.response.code", "http.content_type", "http.content_encoding", "http.transfer_encoding")), responses)
			t.Logf("%d requests, %d responses, %d more with bytes missing", len(requests), len(responses), holes)
		})
	}
}

// split makes a row for each message of a packet that has several.
func split(rows [][]string) (list []string) {
	for _, r := range rows {
		n := strings.Count(r[0], "|") + 1
		for i := range n {
			var words []string
			for _, column := range r {
				if w := strings.Split(column, "|"); i < len(w) {
					words = append(words, w[i])
				} else {
					words = append(words, "")
				}
			}
			list = append(list, strings.Join(words, " "))
		}
	}
	return list
}

func compareLists(t *testing.T, what string, theirs, ours []string) {
	t.Helper()
	slices.Sort(theirs)
	slices.Sort(ours)
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("%s: - tshark, + vspan:\n%s", what, diff)
	}
}

// TestDNS wants the questions and answers that tshark reads.
func TestDNS(t *testing.T) {
	for name, frames := range cases(t) {
		t.Run(name, func(t *testing.T) {
			file := write(t, frames)
			_, streams, _ := tracked(frames)
			if !speaks(t, file, "dns") && !slices.ContainsFunc(streams, func(s follow.Stream) bool { return len(s.DNS) > 0 }) {
				return
			}
			var ours []string
			for _, s := range streams {
				for _, n := range s.DNS {
					ours = append(ours, worded(n.Message))
				}
			}
			var theirs []string
			for _, r := range fields(t, file, "dns && !icmp && (udp.port == 53 || tcp.port == 53)", "dns.id", "dns.flags.response", "dns.qry.name", "dns.qry.type", "dns.flags.rcode", "dns.a", "dns.aaaa", "dns.cname") {
				id, _ := strconv.ParseUint(r[0], 0, 16)
				r[0] = strconv.FormatUint(id, 10)
				r[1] = strings.NewReplacer("1", "true", "0", "false", "True", "true", "False", "false").Replace(r[1])
				if r[2] == "<Root>" {
					r[2] = "."
				}
				if r[1] == "false" {
					r[4] = "0"
				}
				theirs = append(theirs, strings.Join(r, " "))
			}
			compareLists(t, "messages", theirs, ours)
			t.Logf("%d messages", len(ours))
		})
	}
}

func worded(m dns.Message) string {
	var names, types, a, aaaa, cname []string
	for _, q := range m.Questions {
		names, types = append(names, q.Name), append(types, strconv.Itoa(int(q.Type)))
	}
	for _, r := range slices.Concat(m.Answers, m.Authorities, m.Additionals) {
		switch r.Type {
		case dns.TypeA:
			a = append(a, r.Data)
		case dns.TypeAAAA:
			aaaa = append(aaaa, r.Data)
		case dns.TypeCNAME:
			cname = append(cname, r.Data)
		}
	}
	join := func(list []string) string { return strings.Join(list, "|") }
	return strings.Join([]string{
		strconv.Itoa(int(m.ID)), strconv.FormatBool(m.Response), join(names), join(types), strconv.Itoa(int(m.Code)), join(a), join(aaaa), join(cname),
	}, " ")
}

// TestTLS wants the names, protocols and versions that tshark reads of the hellos.
func TestTLS(t *testing.T) {
	for name, frames := range cases(t) {
		t.Run(name, func(t *testing.T) {
			file := write(t, frames)
			_, streams, _ := tracked(frames)
			if !speaks(t, file, "tls") && !slices.ContainsFunc(streams, func(s follow.Stream) bool { return s.TLS.Client || s.TLS.Server }) {
				return
			}
			var clients, servers []string
			for _, s := range streams {
				if s.TLS.Client {
					clients = append(clients, s.TLS.ServerName+" "+strings.Join(s.TLS.Offered, "|"))
				}
				if s.TLS.Server {
					servers = append(servers, strconv.Itoa(int(s.TLS.Version))+" "+strconv.Itoa(int(s.TLS.Cipher)))
				}
			}
			var theirs []string
			for _, r := range fields(t, file, "tls.handshake.type == 1", "tls.handshake.extensions_server_name", "tls.handshake.extensions_alpn_str") {
				theirs = append(theirs, strings.Join(r, " "))
			}
			compareLists(t, "client hellos", theirs, clients)
			theirs = nil
			for _, r := range fields(t, file, "tls.handshake.type == 2", "tls.handshake.version", "tls.handshake.extensions.supported_version", "tls.handshake.ciphersuite") {
				version := r[0]
				if r[1] != "" {
					version = r[1]
				}
				theirs = append(theirs, number(version)+" "+number(r[2]))
			}
			compareLists(t, "server hellos", theirs, servers)
			t.Logf("%d client hellos, %d server hellos", len(clients), len(servers))
		})
	}
}

func number(s string) string {
	n, _ := strconv.ParseUint(s, 0, 64)
	return strconv.FormatUint(n, 10)
}
