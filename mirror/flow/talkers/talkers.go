// Package talkers adds up who talks most and who talks to whom, in bounded memory whatever arrives: what is too much for exact counting
// is estimated, and each estimate says how far off it may be.
//
// Nothing here does IO, keeps a clock or is safe for concurrent use.
package talkers

import "net/netip"

// Limits are how many of each are told apart. Zero means the default.
type Limits struct {
	Hosts int // default 1024
	Ports int // default 512
	Edges int // default 2048
}

// maxOthers is how many EtherTypes that are not IP are told apart.
const maxOthers = 32

func (l Limits) complete() Limits {
	if l.Hosts <= 0 {
		l.Hosts = 1024
	}
	if l.Ports <= 0 {
		l.Ports = 512
	}
	if l.Edges <= 0 {
		l.Edges = 2048
	}
	return l
}

// Conversation is what two addresses said to each other over one protocol and port.
type Conversation struct {
	A, B               netip.Addr
	Protocol           uint8
	ServicePort        uint16 // of the end that was asked; 0 without ports
	PacketsAB, BytesAB uint64
	PacketsBA, BytesBA uint64
	First, Last        int64 // ns since 1970
}

type portKey struct {
	protocol uint8
	port     uint16
}

type edgeKey struct {
	a, b     netip.Addr // a is the lesser
	protocol uint8
	port     uint16
}

// Ledger adds conversations up.
type Ledger struct {
	sent, received *Sketch[netip.Addr]
	hosts          *Sketch[netip.Addr]
	ports          *Sketch[portKey]
	edges          *Sketch[edgeKey]
	protocols      [256]Count
	others         map[uint16]Count
}

// NewLedger returns an empty ledger.
func NewLedger(l Limits) *Ledger {
	l = l.complete()
	return &Ledger{
		hosts: NewSketch[netip.Addr](l.Hosts), ports: NewSketch[portKey](l.Ports), edges: NewSketch[edgeKey](l.Edges),
		sent: NewSketch[netip.Addr](l.Hosts), received: NewSketch[netip.Addr](l.Hosts), others: map[uint16]Count{},
	}
}

// Add adds a conversation.
func (l *Ledger) Add(c Conversation) {
	packets, bytes := c.PacketsAB+c.PacketsBA, c.BytesAB+c.BytesBA
	l.hosts.Add(c.A, packets, bytes)
	if c.A != c.B {
		l.hosts.Add(c.B, packets, bytes)
	}
	if c.BytesAB > 0 {
		l.sent.Add(c.A, c.PacketsAB, c.BytesAB)
		l.received.Add(c.B, c.PacketsAB, c.BytesAB)
	}
	if c.BytesBA > 0 {
		l.sent.Add(c.B, c.PacketsBA, c.BytesBA)
		l.received.Add(c.A, c.PacketsBA, c.BytesBA)
	}
	if c.ServicePort != 0 {
		l.ports.Add(portKey{c.Protocol, c.ServicePort}, packets, bytes)
	}
	k := edgeKey{a: c.A, b: c.B, protocol: c.Protocol, port: c.ServicePort}
	if k.b.Less(k.a) {
		k.a, k.b = k.b, k.a
	}
	l.edges.Add(k, packets, bytes)
	l.protocols[c.Protocol].Packets += packets
	l.protocols[c.Protocol].Bytes += bytes
}

// AddOther adds a frame that is not IP. EtherTypes beyond the first few count as 0.
func (l *Ledger) AddOther(etherType uint16, bytes uint64) {
	c, ok := l.others[etherType]
	if !ok && len(l.others) >= maxOthers {
		etherType = 0
		c = l.others[0]
	}
	c.Packets++
	c.Bytes += bytes
	l.others[etherType] = c
}

// Clone returns a copy.
func (l *Ledger) Clone() *Ledger {
	c := &Ledger{
		sent: l.sent.Clone(), received: l.received.Clone(), hosts: l.hosts.Clone(), ports: l.ports.Clone(), edges: l.edges.Clone(),
		protocols: l.protocols, others: make(map[uint16]Count, len(l.others)),
	}
	for k, v := range l.others {
		c.others[k] = v
	}
	return c
}
