package receive

import "time"

// Limits bound the reassembly of outer fragments. The zero value of a field
// means its default.
type Limits struct {
	// Bytes is the memory all incomplete datagrams may take, bookkeeping
	// included. Default 16 MiB.
	Bytes int
	// Datagrams is how many may be incomplete at once. Default 4096.
	Datagrams int
	// PerDatagram is how many fragments one datagram may have. Default 256.
	PerDatagram int
	// Share is the part of Bytes and of Datagrams that one outer source may
	// hold, as a divisor: 4 means a quarter. Default 4; 1 means no share.
	Share int
	// Timeout is how long a datagram may stay incomplete, counted from its
	// first fragment. The default, 5 s, is far shorter than the 60 s of
	// RFC 8200 because a mirror reuses the 16-bit IPv4 identification within
	// seconds, and joining fragments of two datagrams is worse than losing
	// one (RFC 4963). The fragments of a mirror arrive back to back.
	Timeout time.Duration
}

func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 16 << 20
	}
	if l.Datagrams <= 0 {
		l.Datagrams = 4096
	}
	if l.PerDatagram <= 0 {
		l.PerDatagram = 256
	}
	if l.Share <= 0 {
		l.Share = 4
	}
	if l.Timeout <= 0 {
		l.Timeout = 5 * time.Second
	}
	return l
}

// among divides the limits of a source among its workers. Whoever sends is always
// with the same worker, so that his share is one of that worker's.
func (l Limits) among(workers int) Limits {
	l = l.withDefaults()
	l.Bytes, l.Datagrams = max(1, l.Bytes/workers), max(1, l.Datagrams/workers)
	return l
}
