package api

import (
	"context"
	"fmt"

	"github.com/vspan-io/vspan/api/render"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/flow/follow"
)

const streamsText = `TCP connections put together again, with what they say in the clear: HTTP/1.x requests and responses, DNS, and the beginning of TLS.
Following begins with the first question about a session and ends ten minutes after the last one. It needs whole packets, which costs more
than their headers.`

const streamText = `With ` + "`bytes=true`" + ` what was said comes too, gaps as gaps, and the beginnings of HTTP bodies, decompressed. That takes the right to payload,
and leaves an event in the session's history.`

type streamsInput struct {
	SessionPath
	PageQuery
	Kind string `query:"kind" enum:"http,dns,tls" doc:"Only those that speak it"`
}

type streamsOutput struct{ Body wire.StreamList }

func (h *conversations) streams(ctx context.Context, in *streamsInput) (*streamsOutput, error) {
	s, f, err := h.follow(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	all := f.Streams()
	if in.Kind != "" {
		all = ofKind(all, follow.Kind(in.Kind))
	}
	cut, next, p := page(all, in.PageQuery, func(s follow.Stream) string { return fmt.Sprintf("%016x", s.ID) })
	if p != nil {
		return nil, p
	}
	list := wire.StreamList{
		Following: h.following(f), Verdict: renderVerdict(h.board.Status(s.UID).Verdict), Items: make([]wire.Stream, len(cut)), NextPageToken: next,
	}
	for i := range cut {
		list.Items[i] = render.Stream(&cut[i], false)
	}
	return &streamsOutput{list}, nil
}

func ofKind(all []follow.Stream, kind follow.Kind) (some []follow.Stream) {
	for _, s := range all {
		if s.Kind == kind {
			some = append(some, s)
		}
	}
	return some
}

func (h *conversations) following(f Followed) wire.Following {
	return wire.Following{
		Since: utc(f.Since), Until: utc(f.Until), Packets: f.Packets, Missed: f.Missed, Evicted: f.Evicted(), Payload: h.payload.allowed,
	}
}

type eachStreamInput struct {
	SessionPath
	ID    uint64 `path:"id" doc:"Of the stream"`
	Bytes bool   `query:"bytes" doc:"With what was said; takes the right to payload"`
}

type eachStreamOutput struct{ Body wire.Stream }

func (h *conversations) stream(ctx context.Context, in *eachStreamInput) (*eachStreamOutput, error) {
	if in.Bytes {
		if p := h.payload.check(); p != nil {
			return nil, p
		}
	}
	s, f, err := h.follow(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	found, ok := f.Stream(in.ID)
	if !ok {
		return nil, streamNotFound.problem("there is no stream %d of session %q: it made room for others, or following began anew", in.ID, in.Name)
	}
	if in.Bytes {
		if p := h.show(s, &found); p != nil {
			return nil, p
		}
	}
	return &eachStreamOutput{render.Stream(&found, in.Bytes)}, nil
}
