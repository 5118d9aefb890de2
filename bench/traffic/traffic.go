package traffic

import (
	"iter"
	"math/rand/v2"
	"net/netip"
	"time"
)

// Traffic is what a Spec describes. It does not change; any goroutine may use it.
type Traffic struct {
	spec    Spec
	mirrors []Mirror
}

// Mirror is one source of one session: a VM's port that is mirrored.
type Mirror struct {
	Session  uint16     // ERSPAN id; 0 where the encapsulation has none
	Exporter netip.Addr // the host the VM runs on
	VM       [6]byte    // MAC of the VM
	Gateway  [6]byte    // MAC of the router that all its peers are behind
	Address  netip.Addr // of the VM, in the mirrored frames
}

// New returns the traffic that the spec describes. An error names the field that is out of its range.
func New(s Spec) (*Traffic, error) {
	s = s.withDefaults()
	if err := s.check(); err != nil {
		return nil, err
	}
	t := &Traffic{spec: s}
	exporters := make([]netip.Addr, s.Exporters)
	for i := range exporters {
		exporters[i] = s.Exporter
		s.Exporter = s.Exporter.Next()
	}
	for i := range s.Sessions * s.Sources {
		t.mirrors = append(t.mirrors, newMirror(i, s, exporters[i%s.Exporters]))
	}
	return t, nil
}

func newMirror(i int, s Spec, exporter netip.Addr) Mirror {
	session := i / s.Sources
	m := Mirror{
		Exporter: exporter,
		VM:       [6]byte{0x00, 0x50, 0x56, byte(i >> 16), byte(i >> 8), byte(i)},
		Gateway:  [6]byte{0x00, 0x00, 0x5E, 0x00, 0x01, byte(session)}, // VRRP, RFC 5798
		Address:  netip.AddrFrom4([4]byte{10, 128 | byte(i>>16), byte(i >> 8), byte(i)}),
	}
	if s.Encapsulation != GRE {
		m.Session = uint16(session + 1)
	}
	return m
}

// Mirrors are the sources, session by session. The slice is the caller's.
func (t *Traffic) Mirrors() []Mirror { return append([]Mirror(nil), t.mirrors...) }

// Collector is the outer address that everything is sent to.
func (t *Traffic) Collector() netip.Addr { return t.spec.Collector }

// start is when the first packet is sent, and interval the time between two.
var (
	start    = time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
	interval = 10 * time.Microsecond
)

// All yields the outer IP packets, each with the time it is sent at. A packet is valid until the next is made.
func (t *Traffic) All() iter.Seq2[time.Time, []byte] {
	return func(yield func(time.Time, []byte) bool) {
		hosts := newHosts(t)
		for i := range t.spec.Packets {
			at := start.Add(time.Duration(i) * interval)
			if !yield(at, hosts.packet(at)) {
				return
			}
		}
	}
}

// Memory returns all outer IP packets, one behind the other in one piece of memory.
func (t *Traffic) Memory() [][]byte {
	var arena []byte
	ends := make([]int, 0, t.spec.Packets)
	for _, packet := range t.All() {
		arena = append(arena, packet...)
		ends = append(ends, len(arena))
	}
	packets, from := make([][]byte, len(ends)), 0
	for i, end := range ends {
		packets[i], from = arena[from:end:end], end
	}
	return packets
}

// random is a source of the same numbers everywhere. The distribution of rand.Rand is not promised to stay; that of PCG is.
type random struct{ pcg *rand.PCG }

func newRandom(seed uint64) random { return random{rand.NewPCG(seed, 0x7673_7061_6e)} }

// below is a number in [0, n). The bias of the remainder is far below what anything here could show.
func (r random) below(n int) int { return int(r.pcg.Uint64() % uint64(n)) }
