package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/render"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/flow"
)

// conversations answers what is said in the sessions: flows, streams and talkers.
type conversations struct {
	*sessions
	conversations Conversations
	payload       payload
	shown         *shownStreams
}

func newConversations(s *sessions, o Options) *conversations {
	return &conversations{sessions: s, conversations: o.Conversations, payload: newPayload(o), shown: newShownStreams()}
}

func (h *conversations) register(a huma.API) {
	op := func(id, path, summary, description string) huma.Operation {
		return operation(a, "conversations", id, http.MethodGet, "/v1/sessions/{name}"+path, summary, description)
	}
	flows := op("list-flows", "/flows", "List the conversations of a session, and what is wrong with them", flowsText)
	flows.Responses["200"] = &huma.Response{
		Description: http.StatusText(http.StatusOK),
		Content: map[string]*huma.MediaType{
			"application/json": {Schema: schemaOf[wire.FlowList](a)},
			ndjsonMedia:        {Schema: schemaOf[wire.Flow](a)},
		},
	}
	huma.Register(a, flows, h.flows)
	huma.Register(a, op("list-streams", "/streams", "List the streams of a session, put together and read", streamsText), h.streams)
	huma.Register(a, op("get-stream", "/streams/{id}", "Get one stream, with what was said", streamText), h.stream)
	huma.Register(a, op("get-talkers", "/talkers", "Who talks most, and who talks to whom", talkersText), h.talkers)
}

const flowsText = `Looking begins with the first question about a session and ends ten minutes after the last one, unless the daemon is told to look at
all sessions; ` + "`tracking.since`" + ` says when it began, and nothing before is in the answer. It needs the headers of packets and no more.

Sorted by ` + "`first`" + ` a conversation keeps its place from page to page; by what changes, it may be missed or come twice. With
` + "`Accept: application/x-ndjson`" + ` all that fit come at once, one a line.

What the mirror lost is not blamed on the network: what looks like a problem and may be the mirror's doing is among ` + "`doubts`" + `.`

// FlowQuery picks conversations.
// It is exported only because huma reads no other embedded structs.
type FlowQuery struct {
	Problem  string `query:"problem" example:"any" enum:"any,syn_without_answer,refused,incomplete_handshake,reset,incomplete_termination,unidirectional,sequence_gap,out_of_window,retransmissions,asymmetric_hosts,asymmetric_sites,port_scan,firewall_drop" doc:"Only those with this problem; any: with one of them"`
	Host     string `query:"host" maxLength:"255" example:"10.0.0.0/24" doc:"Only those of this address or network, or seen at the ESXi host of this name"`
	Port     int    `query:"port" minimum:"1" maximum:"65535" doc:"Only those of which one end has this port"`
	Protocol string `query:"protocol" maxLength:"16" example:"tcp" doc:"Only those of this protocol, by name or number"`
	Sort     string `query:"sort" enum:"first,last,bytes,packets,retransmissions,rtt" default:"first" doc:"All but first put the largest first"`
}

type flowsInput struct {
	SessionPath
	PageQuery
	FlowQuery
	Limit int `query:"limit" minimum:"1" maximum:"1000000" doc:"Of lines, in NDJSON"`

	accept string
}

// Resolve takes the Accept header, which OpenAPI does not describe as a parameter.
func (in *flowsInput) Resolve(c huma.Context) []error {
	in.accept = c.Header("Accept")
	return nil
}

// query reads what is asked for.
func (q FlowQuery) query() (picked flow.Query, order flow.Order, p *wire.Problem) {
	order, _ = flow.ParseOrder(q.Sort) // it is one of the names
	picked.Problem, _ = flow.ParseKind(q.Problem)
	picked.Troubled, picked.Port = q.Problem == "any", uint16(q.Port)
	if q.Host != "" {
		picked.Within, picked.Host = flow.ParseHost(q.Host)
	}
	if q.Protocol != "" {
		var ok bool
		if picked.Protocol, ok = flow.ParseProtocol(q.Protocol); !ok {
			return picked, order, invalidField("query.protocol", "want a name like tcp or udp, or a number up to 255")
		}
	}
	return picked, order, nil
}

func (h *conversations) flows(ctx context.Context, in *flowsInput) (*huma.StreamResponse, error) {
	picked, order, p := in.query()
	if p != nil {
		return nil, p
	}
	s, t, err := h.track(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	all := t.Flows(h.now(), picked.Keep)
	order.Sort(all)
	if strings.Contains(in.accept, ndjsonMedia) {
		return flowLines(all[:min(len(all), cmp.Or(in.Limit, len(all)))]), nil
	}
	cut, next, p := page(all, in.PageQuery, func(f flow.Flow) string { return flowKey(order, &f) })
	if p != nil {
		return nil, p
	}
	list := wire.FlowList{
		Tracking: render.Tracking(t.Totals(), t.Since, t.Until, t.Missed), Verdict: renderVerdict(h.board.Status(s.UID).Verdict),
		Scans: render.Scans(t.Scans(h.now())), Items: make([]wire.Flow, len(cut)), NextPageToken: next,
	}
	for i := range cut {
		list.Items[i] = render.Flow(&cut[i])
	}
	return streamed("application/json", func(w io.Writer) { _ = json.NewEncoder(w).Encode(list) }), nil // fails only when the client is gone
}

// flowKey orders conversations as the order does, and tells them apart.
func flowKey(o flow.Order, f *flow.Flow) string {
	a, b := f.A.Addr.As16(), f.B.Addr.As16()
	return fmt.Sprintf("%016x %016x %x %05d %x %05d %03d %04d", o.Rank(f), f.First.UnixNano(), a, f.A.Port, b, f.B.Port, f.Protocol, f.VLAN)
}

func flowLines(all []flow.Flow) *huma.StreamResponse {
	return streamed(ndjsonMedia, func(w io.Writer) {
		line := json.NewEncoder(w)
		for i := range all {
			if line.Encode(render.Flow(&all[i])) != nil {
				return // the client is gone
			}
		}
	})
}

// streamed is an answer of that media type, which is not kept in memory.
func streamed(media string, write func(io.Writer)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", media)
		c.SetStatus(http.StatusOK)
		if !wantsNoBody(c.Context()) {
			write(c.BodyWriter())
		}
	}}
}
