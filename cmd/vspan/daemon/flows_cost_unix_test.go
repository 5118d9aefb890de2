//go:build unix

package daemon

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/mirror/tracking"
	"github.com/vspan-io/vspan/mirror/transcript"
)

// The load that the cost of flows is measured under.
const (
	costSessions      = 64
	costConversations = 10_000
	costPackets       = 1 << 16 // in an order without locality, over and over
	costBatch         = 64      // that a receiver hands over at a time
)

// costLoad are mirror packets of TCP conversations that move data.
type costLoad struct {
	expected []evidence.Expectation
	packets  []costPacket
	seqs     [costConversations][2]uint32
	numbers  [costSessions]uint32
	now      time.Time

	// What is received lies in a ring that is used over and over, and what was copied of it in the caches; of datagrams there are those that
	// are taken together, as a receiver has them.
	bytes [costBatch][costCopied]byte
	ready [receive.MostAtOnce]receive.Datagram
}

// costPacket is what a packet is made of.
type costPacket struct {
	bytes        [costCopied]byte
	datagram     receive.Datagram
	conversation int32
	side         int8
	session      uint8
	data         uint16
}

// costCopied is how many bytes are copied of each packet: those that have the headers.
const costCopied = 128

// Where numbers stand in a packet: in the GRE header, and in TCP behind GRE, ERSPAN II, Ethernet and IPv4.
const (
	numberAt = 4
	seqAt    = 8 + 8 + 14 + 20 + 4
)

func newCostLoad() *costLoad {
	l := &costLoad{now: time.Now()}
	exporters := map[netip.Addr]string{}
	for h := range 4 {
		exporters[netip.AddrFrom4([4]byte{10, 1, 0, byte(h)})] = fmt.Sprintf("esx-%02d.example", h)
	}
	destination := netip.MustParseAddr("10.2.1.110")
	for i := range costSessions {
		l.expected = append(l.expected, evidence.Expectation{
			UID: fmt.Sprintf("uid-%d", i), Type: erspan.TypeII, ID: uint16(i + 1), Sampling: 1, Destinations: []netip.Addr{destination}, Exporters: exporters,
			Sources: []evidence.ExpectedSource{{PortKey: fmt.Sprint(100 + i), MAC: costMAC(i), Direction: mirror.Both, Host: fmt.Sprintf("esx-%02d.example", i%4)}},
		})
	}
	random := rand.New(rand.NewPCG(1, 2))
	sides := make([]int, costConversations)
	for range costPackets {
		c := random.IntN(costConversations)
		sides[c] = 1 - sides[c]
		l.add(c, sides[c], random.IntN(1200), destination)
	}
	return l
}

func costMAC(session int) frame.MAC { return frame.MAC{0, 0x50, 0x56, 0, 0, byte(session)} }

// add adds a packet of a conversation, from the VM (0) or to it, with so many bytes of data.
func (l *costLoad) add(c, side, data int, destination netip.Addr) {
	session := c % costSessions
	vm := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 10, byte(c >> 8), byte(c)}), uint16(1024+c))
	peer := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 20, 0, byte(c % 50)}), 443)
	router := frame.MAC{2, 0, 0, 0, 0, 9}
	src, dst, macs := vm, peer, [2]frame.MAC{costMAC(session), router}
	if side == 1 {
		src, dst, macs = peer, vm, [2]frame.MAC{router, costMAC(session)}
	}
	tcp := make([]byte, 32+data)
	binary.BigEndian.PutUint16(tcp, src.Port())
	binary.BigEndian.PutUint16(tcp[2:], dst.Port())
	tcp[12], tcp[13], tcp[14], tcp[15] = 8<<4, 0x10, 0xFF, 0xFF
	copy(tcp[20:], []byte{1, 1, 8, 10}) // timestamps
	ip := frame.IP{Version: 4, Src: src.Addr(), Dst: dst.Addr(), Protocol: frame.ProtocolTCP, TTL: 64, ID: 1, HeaderLen: 20, TotalLen: 20 + len(tcp)}
	inner := append(ip.AppendHeader(frame.Ethernet{Src: macs[0], Dst: macs[1], EtherType: frame.EtherTypeIPv4}.AppendHeader(nil)), tcp...)
	p := erspan.Packet{Type: erspan.TypeII, GRE: gre.Header{HasSequence: true}, Header: erspan.Header{SessionID: uint16(session + 1)}, Frame: inner}
	exporter := netip.AddrFrom4([4]byte{10, 1, 0, byte(session % 4)})
	payload := p.Append(nil)
	d := receive.Datagram{Ends: gre.EndsOf(exporter, destination), PayloadLen: len(payload), WireLen: 20 + len(payload), Fragments: 1, Truncated: true}
	made := costPacket{datagram: d, conversation: int32(c), side: int8(side), session: uint8(session), data: uint16(data)}
	copy(made.bytes[:], payload)
	l.packets = append(l.packets, made)
}

// next makes packet i the next of its conversation, in the ring.
func (l *costLoad) next(i int) {
	made := &l.packets[i]
	b, d := &l.bytes[i%costBatch], &l.ready[i%receive.MostAtOnce]
	*b, *d = made.bytes, made.datagram
	d.Payload = b[:min(costCopied, made.datagram.PayloadLen)]
	l.numbers[made.session]++
	binary.BigEndian.PutUint32(b[numberAt:], l.numbers[made.session])
	seqs := &l.seqs[made.conversation]
	binary.BigEndian.PutUint32(b[seqAt:], seqs[made.side])
	binary.BigEndian.PutUint32(b[seqAt+4:], seqs[1-made.side])
	seqs[made.side] += uint32(made.data)
	l.now = l.now.Add(time.Microsecond)
	d.At = l.now.UnixNano()
}

// costStage is the packet path of a daemon, with what tracks all of its sessions or nothing that does.
type costStage struct {
	load     *costLoad
	keeper   *bookkeeper
	trackers *tracking.Trackers
	tracked  []*tracking.Tracked
	at       int
}

func newCostStage(looking bool) *costStage {
	s := &costStage{load: newCostLoad()}
	table := new(atomic.Pointer[evidence.Table])
	table.Store(evidence.NewTable(s.load.expected))
	rs := new(tracking.Relays)
	s.keeper = &bookkeeper{table: table, ledger: evidence.NewLedger(evidence.Limits{}), feed: capture.NewBroker().Feed(0), relay: rs.Of(0), kept: transcript.NewPackets(false)}
	s.trackers = tracking.NewTrackers(rs, func() uint64 { return 0 }, func(string) bool { return true })
	if looking {
		for _, e := range s.load.expected {
			s.tracked = append(s.tracked, s.trackers.Add(e.UID, flow.Config{}))
		}
		s.trackers.Tick(s.load.now)
	}
	return s
}

// batch is one batch of the receiver.
func (s *costStage) batch() {
	s.keeper.Begin()
	for range costBatch / receive.MostAtOnce {
		for range receive.MostAtOnce {
			s.load.next(s.at)
			s.at = (s.at + 1) % costPackets
		}
		s.keeper.Take(s.load.ready[:])
	}
	s.keeper.End()
}

// run takes so many packets. The tracking looks once in 16 batches, as it does that naps for two milliseconds.
func (s *costStage) run(packets int) {
	for n, i := 0, 0; n < packets; n, i = n+costBatch, i+1 {
		s.batch()
		if i%16 == 15 {
			s.trackers.Read()
		}
	}
	s.trackers.Read()
}

// cpu is the CPU time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFlowsInTurn measures the same as BenchmarkFlows, in turns of a fraction of a second, because other work on the machine moves the
// figures more than what is compared; it reports the medians, and their ratio.
func BenchmarkFlowsInTurn(b *testing.B) {
	const turn = 4 * costPackets
	making := newCostLoad()
	evidence, flows := newCostStage(false), newCostStage(true)
	evidence.run(turn)
	flows.run(turn)
	var took [3][]float64
	for b.Loop() {
		for i, work := range []func(){
			func() {
				for n := range turn {
					making.next(n % costPackets)
				}
			},
			func() { evidence.run(turn) },
			func() { flows.run(turn) },
		} {
			began := cpu()
			work()
			took[i] = append(took[i], float64(cpu()-began)/turn)
		}
	}
	for i := range took {
		slices.Sort(took[i])
	}
	median := func(i int) float64 { return took[i][len(took[i])/2] }
	b.ReportMetric(median(1)-median(0), "evidence-ns")
	b.ReportMetric(median(2)-median(0), "flows-ns")
	b.ReportMetric((median(2)-median(0))/(median(1)-median(0)), "ratio")
}

// BenchmarkFlows measures the packet path with evidence alone, and with flows on for all sessions beside it; the making of the packets is
// in both, and alone.
func BenchmarkFlows(b *testing.B) {
	b.Run("making", func(b *testing.B) {
		l := newCostLoad()
		b.ResetTimer()
		for i := range b.N {
			l.next(i % costPackets)
		}
	})
	for _, c := range []struct {
		name    string
		looking bool
	}{{"evidence", false}, {"flows", true}} {
		b.Run(c.name, func(b *testing.B) {
			s := newCostStage(c.looking)
			s.run(4 * costPackets)
			b.ReportAllocs()
			b.ResetTimer()
			s.run(b.N)
		})
	}
}

// Looking at all sessions allocates nothing for a packet, and sees every one of them, and nothing wrong.
func TestLookingAllocatesNothing(t *testing.T) {
	s := newCostStage(true)
	s.run(2 * costPackets)
	if n := testing.AllocsPerRun(5, func() { s.run(1 << 12) }); n != 0 {
		t.Errorf("%v allocations for %d packets", n, 1<<12)
	}
	var packets, conversations uint64
	for _, l := range s.tracked {
		c := l.Totals()
		packets, conversations = packets+c.Packets, conversations+c.Flows
		for _, f := range l.Flows(s.load.now.Add(time.Hour), nil) {
			if len(f.Problems) > 0 || f.AToB.Retransmissions+f.BToA.Retransmissions > 0 {
				t.Fatalf("%+v", f)
			}
		}
	}
	if want := s.keeper.ledger.View().Totals.Confirmed; packets != want || conversations < costConversations*99/100 {
		t.Errorf("looked at %d packets of %d, %d conversations", packets, want, conversations)
	}
}
