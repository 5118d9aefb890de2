package oracle_test

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/frame"
)

// count is the packets and bytes of each direction of a conversation, by a name that both sides give it.
type count struct{ PacketsAB, BytesAB, PacketsBA, BytesBA uint64 }

// TestConversations wants the TCP conversations that tshark has: as many, with the same packets and bytes each way.
func TestConversations(t *testing.T) {
	for name, frames := range cases(t) {
		t.Run(name, func(t *testing.T) {
			file := write(t, frames)
			flows, _, _ := tracked(frames)
			ours, theirs := ourConversations(flows), theirConversations(t, file)
			if diff := cmp.Diff(theirs, ours); diff != "" {
				t.Errorf("- tshark, + vspan:\n%s", diff)
			}
			table := tsharkTable(t, file)
			if len(table) != len(flat(ours)) {
				t.Errorf("-z conv,tcp lists %d conversations, vspan %d", len(table), len(flat(ours)))
			}
			for _, row := range table {
				if !slices.Contains(flat(ours), row) {
					t.Errorf("-z conv,tcp lists %s, vspan %v", row, flat(ours))
				}
			}
			t.Logf("%d conversations", len(table))
		})
	}
}

func ourConversations(flows []flow.Flow) map[string][]count {
	all := map[string][]count{}
	for _, f := range flows {
		if f.Protocol != frame.ProtocolTCP || f.A.Port == 0 {
			continue
		}
		a, b := end(f.A), end(f.B)
		c := count{f.AToB.Packets, f.AToB.Bytes, f.BToA.Packets, f.BToA.Bytes}
		if b < a {
			a, b, c = b, a, count{c.PacketsBA, c.BytesBA, c.PacketsAB, c.BytesAB}
		}
		all[a+" "+b] = append(all[a+" "+b], c)
	}
	return sorted(all)
}

func end(e flow.End) string { return net.JoinHostPort(e.Addr.String(), strconv.Itoa(int(e.Port))) }

// theirConversations adds up what tshark says of every packet, by its stream.
func theirConversations(t *testing.T, file string) map[string][]count {
	t.Helper()
	streams := map[string]*count{}
	names := map[string]string{}
	for _, r := range fields(t, file, "tcp && !icmp && !icmpv6", "tcp.stream", "frame.len", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport") {
		src, dst := net.JoinHostPort(r[2]+r[4], r[6]), net.JoinHostPort(r[3]+r[5], r[7])
		id := r[0]
		if streams[id] == nil {
			streams[id] = &count{}
			names[id] = min(src, dst) + " " + max(src, dst)
		}
		n, _ := strconv.ParseUint(r[1], 10, 64)
		if src < dst {
			streams[id].PacketsAB, streams[id].BytesAB = streams[id].PacketsAB+1, streams[id].BytesAB+n
		} else {
			streams[id].PacketsBA, streams[id].BytesBA = streams[id].PacketsBA+1, streams[id].BytesBA+n
		}
	}
	all := map[string][]count{}
	for id, c := range streams {
		all[names[id]] = append(all[names[id]], *c)
	}
	return sorted(all)
}

func sorted(all map[string][]count) map[string][]count {
	for _, list := range all {
		slices.SortFunc(list, func(a, b count) int { return bytes.Compare(fmt.Append(nil, a), fmt.Append(nil, b)) })
	}
	return all
}

// tsharkTable are the rows of -z conv,tcp without its times; its sizes are rounded and have units.
func tsharkTable(t *testing.T, file string) (rows []string) {
	t.Helper()
	for line := range strings.SplitSeq(tshark(t, file, "-q", "-z", "conv,tcp"), "\n") {
		w := strings.Fields(line)
		if len(w) < 12 || w[1] != "<->" {
			continue
		}
		a, b := bracketed(w[0]), bracketed(w[2])
		ba, ab := w[3]+" "+size(w[4], w[5]), w[6]+" "+size(w[7], w[8])
		if b < a {
			a, b, ab, ba = b, a, ba, ab
		}
		rows = append(rows, a+" "+b+": "+ab+", "+ba)
	}
	return rows
}

// bracketed is host:port as net.JoinHostPort has it.
func bracketed(s string) string {
	i := strings.LastIndexByte(s, ':')
	return net.JoinHostPort(s[:i], s[i+1:])
}

func size(number, unit string) string { return strings.ReplaceAll(number, ",", "") + " " + unit }

// flat are our conversations as tsharkTable has its rows.
func flat(all map[string][]count) (rows []string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, c := range all[name] {
			rows = append(rows, fmt.Sprintf("%s: %d %s, %d %s", name, c.PacketsAB, rounded(c.BytesAB), c.PacketsBA, rounded(c.BytesBA)))
		}
	}
	return rows
}

// rounded is a size as tshark words it.
func rounded(n uint64) string {
	switch {
	case n >= 10_000_000:
		return fmt.Sprintf("%d MB", n/1_000_000)
	case n >= 10_000:
		return fmt.Sprintf("%d kB", n/1000)
	}
	return fmt.Sprintf("%d bytes", n)
}
