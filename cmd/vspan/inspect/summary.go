package inspect

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/receive"
)

// Summary is what a capture holds, in numbers.
type Summary struct {
	Packets        uint64            `json:"packets"`  // read from the file
	Others         uint64            `json:"others"`   // of them neither GRE nor a fragment of it
	Mirrored       uint64            `json:"mirrored"` // frames that were mirrored
	Encapsulations map[string]uint64 `json:"encapsulations,omitempty"`
	Streams        []Stream          `json:"streams,omitempty"` // by packets, most first
	StreamsLeftOut uint64            `json:"streamsLeftOut,omitempty"`
	Refused        map[string]uint64 `json:"refused,omitempty"` // by stable name
	Fragments      Fragments         `json:"fragments"`
	Truncated      uint64            `json:"truncated"` // datagrams that the capture cut
}

// Stream is one mirror: what one exporter sends to one collector under one session id.
type Stream struct {
	Src           netip.Addr `json:"src"`
	Dst           netip.Addr `json:"dst"`
	Encapsulation string     `json:"encapsulation"`
	ID            *uint16    `json:"id,omitempty"` // of ERSPAN Type II and III
	Packets       uint64     `json:"packets"`
}

// Fragments counts outer fragments.
type Fragments struct {
	Seen        uint64 `json:"seen"`
	Reassembled uint64 `json:"reassembled"` // datagrams put together
	Incomplete  uint64 `json:"incomplete"`  // fragments of datagrams of which others are missing
}

// summary joins what was counted here with what the source counted.
func (t *tally) summary(c receive.Counters) Summary {
	s := Summary{
		Packets: c.Packets, Others: c.NotGRE, Encapsulations: map[string]uint64{}, StreamsLeftOut: t.leftOut, Refused: t.refused,
		Truncated: c.Truncated,
		Fragments: Fragments{
			Seen: c.Fragments, Reassembled: t.reassembled,
			Incomplete: c.Refused.Of(receive.RefusedFragmentIncomplete) + c.Refused.Of(receive.RefusedFragmentTimeout),
		},
	}
	s.Streams = slices.Grow(s.Streams, len(t.streams.list))
	for i := range t.streams.list {
		from := &t.streams.list[i]
		one := Stream{Src: from.ends.Src(), Dst: from.ends.Dst(), Encapsulation: from.encapsulation.String(), Packets: from.packets}
		if from.encapsulation.HasSession() {
			one.ID = &from.id
		}
		s.Streams = append(s.Streams, one)
	}
	for encapsulation, n := range t.encapsulations {
		if n > 0 {
			s.Encapsulations[erspan.Type(encapsulation).String()] = n
			s.Mirrored += n
		}
	}
	slices.SortFunc(s.Streams, compareStreams)
	return s
}

// compareStreams has most packets first, and what has as many in the order of what it is.
func compareStreams(a, b Stream) int {
	return cmp.Or(
		cmp.Compare(b.Packets, a.Packets), a.Src.Compare(b.Src), a.Dst.Compare(b.Dst), strings.Compare(a.Encapsulation, b.Encapsulation),
		cmp.Compare(a.id(), b.id()),
	)
}

// id is -1 where there is none.
func (s Stream) id() int {
	if s.ID == nil {
		return -1
	}
	return int(*s.ID)
}

func (s Stream) String() string {
	text := fmt.Sprintf("%s > %s %s", s.Src, s.Dst, s.Encapsulation)
	if s.ID != nil {
		text += fmt.Sprintf(" id %d", *s.ID)
	}
	return text
}

// maxShown is how many streams the text shows; JSON has all that were told apart.
const maxShown = 20

// Print writes the summary for a person.
func (s Summary) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(table, "packets\t%d\t%d of other protocols\n", s.Packets, s.Others)
	fmt.Fprintf(table, "mirrored\t%d\t%s\n", s.Mirrored, counts(s.Encapsulations))
	for _, one := range s.Streams[:min(maxShown, len(s.Streams))] {
		fmt.Fprintf(table, "stream\t%d\t%s\n", one.Packets, one)
	}
	if more := len(s.Streams) - maxShown; more > 0 {
		fmt.Fprintf(table, "streams\t%d\tmore\n", more)
	}
	if s.StreamsLeftOut > 0 {
		fmt.Fprintf(table, "streams\t\t%d packets belong to more than the %d that are told apart\n", s.StreamsLeftOut, maxStreams)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Refused)) {
		fmt.Fprintf(table, "refused\t%d\t%s\n", s.Refused[name], name)
	}
	if f := s.Fragments; f.Seen > 0 {
		fmt.Fprintf(table, "fragments\t%d\tmade %d datagrams; %d wait for others that the file does not have\n", f.Seen, f.Reassembled, f.Incomplete)
	}
	if s.Truncated > 0 {
		fmt.Fprintf(table, "truncated\t%d\tcut by the capture\n", s.Truncated)
	}
	return table.Flush()
}

// counts lists what there is by name.
func counts(of map[string]uint64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, of[name]))
	}
	return strings.Join(parts, ", ")
}
