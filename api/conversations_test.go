package api

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/flow/follow"
	"github.com/vspan-io/vspan/mirror/frame"
)

// witness is a Conversations that saw what it was shown, of whatever session.
type witness struct {
	tracker  *flow.Tracker
	follower *follow.Follower
	err      error
}

func (w *witness) looking() Looking {
	return Looking{Since: begin, Until: begin.Add(10 * time.Minute), Packets: w.tracker.Totals().Packets, Missed: 3}
}

func (w *witness) Track(string) (Tracked, error) { return Tracked{w.tracker, w.looking()}, w.err }

func (w *witness) Follow(string) (Followed, error) { return Followed{w.follower, w.looking()}, w.err }

// segment shows it a TCP segment.
func (w *witness) segment(at time.Time, src, dst string, flags uint8, seq, ack uint32, data string) {
	s, d := netip.MustParseAddrPort(src), netip.MustParseAddrPort(dst)
	b := binary.BigEndian.AppendUint16(nil, s.Port())
	b = binary.BigEndian.AppendUint16(b, d.Port())
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(append(b, 5<<4, flags, 255, 255, 0, 0, 0, 0), data...)
	e := frame.Ethernet{Src: frame.MAC{2, 0, 0, 0, 0, 1}, Dst: frame.MAC{2, 0, 0, 0, 0, 2}, EtherType: frame.EtherTypeIPv4}
	ip := frame.IP{Version: 4, Src: s.Addr(), Dst: d.Addr(), Protocol: frame.ProtocolTCP, TTL: 64, HeaderLen: 20, TotalLen: 20 + len(b)}
	p := flow.Packet{Time: at, Frame: append(ip.AppendHeader(e.AppendHeader(nil)), b...), Host: "esx-01", Source: "112", Direction: mirror.FromVM, Numbered: true}
	w.tracker.Observe(&p)
	w.follower.Observe(&p)
}

// newWitness saw so many connections of a client to one that refuses, and one to a web server.
func newWitness(refused int) *witness {
	w := &witness{tracker: flow.NewTracker(flow.Config{}), follower: follow.NewFollower(follow.Limits{Bytes: 1 << 16, Body: 100}, nil)}
	at := begin.Add(-time.Minute)
	for i := range refused {
		client := fmt.Sprintf("10.0.0.1:%d", 20_000+i)
		at = at.Add(time.Millisecond)
		w.segment(at, client, "10.0.0.3:81", flow.SYN, 7, 0, "")
		w.segment(at, "10.0.0.3:81", client, flow.RST|flow.ACK, 0, 8, "")
	}
	const client, server, ask, answer = "10.0.0.1:40000", "10.0.0.2:80", "GET /x HTTP/1.1\r\nHost: www\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nsecret"
	for i, s := range []struct {
		client   bool
		flags    uint8
		seq, ack uint32
		data     string
	}{
		{true, flow.SYN, 0, 0, ""}, {false, flow.SYN | flow.ACK, 0, 1, ""}, {true, flow.ACK, 1, 1, ask},
		{false, flow.ACK, 1, uint32(1 + len(ask)), answer}, {true, flow.ACK, uint32(1 + len(ask)), uint32(1 + len(answer)), ""},
	} {
		src, dst := client, server
		if !s.client {
			src, dst = server, client
		}
		w.segment(at.Add(time.Duration(i)*time.Millisecond), src, dst, s.flags, s.seq, s.ack, s.data)
	}
	return w
}

func TestFlows(t *testing.T) {
	w := newWitness(2)
	f := newFixture(t, func(o *Options) { o.Conversations = w })
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	list := decoded[wire.FlowList](f.call("GET", "/v1/sessions/web-01/flows", "").want(200))
	if len(list.Items) != 3 || !list.Tracking.Since.Equal(begin) || list.Tracking.Packets != 9 || list.Tracking.Missed != 3 || list.Verdict.State != "pending" {
		t.Fatalf("%+v", list)
	}
	web := list.Items[2]
	if web.B != (wire.FlowEnd{Address: "10.0.0.2", Port: 80}) || web.State != "established" || web.HandshakeRTT != "2ms" || web.AToB.Packets != 3 || web.Hosts[0] != "esx-01" {
		t.Errorf("%+v", web)
	}
	bad := list.Items[0]
	if len(bad.Problems) != 1 || bad.Problems[0].Code != "refused" || len(bad.Problems[0].Packets) != 2 || bad.Problems[0].Packets[1].Summary != "[RST, ACK] Seq=0 Ack=8 Win=65535 Len=0" {
		t.Errorf("%+v", bad)
	}
	for query, n := range map[string]int{
		"problem=any": 2, "problem=refused": 2, "problem=reset": 0, "port=80": 1, "host=10.0.0.2": 1, "host=10.0.0.0/30": 3, "host=esx-01": 3,
		"host=esx-02": 0, "protocol=tcp": 3, "protocol=17": 0, "host=10.0.0.3&port=80": 0,
	} {
		if got := decoded[wire.FlowList](f.call("GET", "/v1/sessions/web-01/flows?"+query, "").want(200)).Items; len(got) != n {
			t.Errorf("%s: %d, want %d", query, len(got), n)
		}
	}
	for query, place := range map[string]string{
		"problem=none": "query.problem", "port=0": "query.port", "port=65536": "query.port", "protocol=256": "query.protocol", "sort=age": "query.sort", "limit=0": "query.limit",
	} {
		f.call("GET", "/v1/sessions/web-01/flows?"+query, "").problem(422, "invalid", place)
	}
}

// Every order is paged through without missing or repeating a conversation, as long as none changes.
func TestFlowsArePaged(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Conversations = newWitness(40) })
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	for _, order := range []string{"first", "last", "bytes", "packets", "retransmissions", "rtt"} {
		seen := map[string]bool{}
		token := ""
		for pages := 0; ; pages++ {
			list := decoded[wire.FlowList](f.call("GET", "/v1/sessions/web-01/flows?pageSize=7&sort="+order+token, "").want(200))
			for _, w := range list.Items {
				seen[fmt.Sprint(w.A, w.B)] = true
			}
			if list.NextPageToken == "" {
				if len(seen) != 41 || pages != 5 {
					t.Errorf("%s: %d conversations on %d pages", order, len(seen), pages+1)
				}
				break
			}
			token = "&pageToken=" + list.NextPageToken
		}
	}
	lines := strings.Split(strings.TrimSpace(string(f.call("GET", "/v1/sessions/web-01/flows?sort=bytes&limit=3", "", "Accept", "application/x-ndjson").want(200).body)), "\n")
	var first wire.Flow
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || len(lines) != 3 || first.B.Port != 80 {
		t.Errorf("%d lines, the first %+v, %v", len(lines), first, err)
	}
}

func TestStreams(t *testing.T) {
	w := newWitness(1)
	f := newFixture(t, func(o *Options) { o.Conversations, o.Payload = w, true })
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	list := decoded[wire.StreamList](f.call("GET", "/v1/sessions/web-01/streams?kind=http", "").want(200))
	if len(list.Items) != 1 || list.Items[0].HTTP[0].Request.URL != "http://www/x" || list.Items[0].HTTP[0].Response.DecodedBytes != 6 || !list.Following.Payload {
		t.Fatalf("%+v", list)
	}
	path := fmt.Sprintf("/v1/sessions/web-01/streams/%d", list.Items[0].ID)
	if quiet := f.call("GET", path, "").want(200); strings.Contains(string(quiet.body), "c2VjcmV0") || len(decoded[wire.Stream](quiet).Chunks) != 0 {
		t.Errorf("without being asked: %s", quiet.body)
	}
	before := f.history.Last()
	for range 3 {
		whole := decoded[wire.Stream](f.call("GET", path+"?bytes=true", "").want(200))
		if len(whole.Chunks) != 2 || whole.Chunks[1].From != "server" || string(whole.HTTP[0].Response.Body) != "secret" {
			t.Fatalf("%+v", whole)
		}
	}
	if events := f.history.Since(before, 0); len(events) != 1 || events[0].Kind != mirror.PayloadOpened || !strings.Contains(events[0].Text, "10.0.0.1:40000") {
		t.Errorf("looking three times at one stream: %+v", events)
	}
	f.pass(recordAgain)
	f.call("GET", path+"?bytes=true", "").want(200)
	if events := f.history.Since(before, 0); len(events) != 2 {
		t.Errorf("looking again later: %+v", events)
	}
	f.call("GET", "/v1/sessions/web-01/streams/99", "").problem(404, "stream_not_found", "")
	f.call("GET", "/v1/sessions/web-01/streams/x", "").problem(422, "invalid", "path.id")
}

func TestPayloadOfStreamsIsGated(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Conversations = newWitness(0) })
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	before := f.history.Last()
	f.call("GET", "/v1/sessions/web-01/streams/1?bytes=true", "").problem(403, "payload_not_allowed", "")
	f.call("GET", "/v1/sessions/none/streams/1?bytes=true", "").problem(403, "payload_not_allowed", "")
	if b := string(f.call("GET", "/v1/sessions/web-01/streams/1", "").want(200).body); strings.Contains(b, "c2VjcmV0") {
		t.Errorf("%s", b)
	}
	if f.history.Last() != before {
		t.Error("what was refused was recorded as shown")
	}
}

func TestTalkers(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Conversations = newWitness(5) })
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	w := decoded[wire.Talkers](f.call("GET", "/v1/sessions/web-01/talkers?window=0s&top=2", "").want(200))
	if len(w.Hosts) != 2 || w.Hosts[0].Address != "10.0.0.1" || len(w.Edges) != 2 || w.Edges[0].A != "10.0.0.1" || w.Edges[0].Port == 0 || w.Protocols[0].Packets != 15 {
		t.Errorf("%+v", w)
	}
	for _, window := range []string{"21s", "-1s", "x"} {
		f.call("GET", "/v1/sessions/web-01/talkers?window="+window, "").problem(422, "invalid", "query.window")
	}
}

func TestWhatIsNotReceivedHasNoConversations(t *testing.T) {
	f := newFixture(t)
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	f.call("PUT", "/v1/sessions/away", `{"spec":{"sources":[{"vm":"web-02"}],"destination":{"addresses":["10.0.0.9"]}}}`).want(201)
	for _, what := range []string{"flows", "streams", "streams/1", "talkers"} {
		f.call("GET", "/v1/sessions/web-01/"+what, "").problem(409, "not_received_here", "")
		f.call("GET", "/v1/sessions/away/"+what, "").problem(409, "not_received_here", "")
		f.call("GET", "/v1/sessions/none/"+what, "").problem(404, "session_not_found", "")
	}
}
