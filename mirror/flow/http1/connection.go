package http1

import "time"

// Connection reads one connection. Its zero value is not usable.
type Connection struct {
	limits    Limits
	client    reader
	server    reader
	exchanges []Exchange
	first     uint64 // number of exchanges[0]
	answered  uint64 // number of the exchange whose response is next
	asked     uint64 // number of the newest request, plus one
	piped     bool   // requests were sent before the one before was answered
	// Forgotten counts exchanges that made room for newer ones, Nonsense pieces that are no HTTP where HTTP was wanted.
	Forgotten, Nonsense uint64
	other               bool // it turned into something that is not HTTP
}

// NewConnection returns a reader for a connection that may be anywhere in its course.
func NewConnection(l Limits) *Connection {
	c := &Connection{limits: l.complete()}
	c.client.c, c.server.c = c, c
	c.client.request = true
	return c
}

// Client takes the next bytes of the client, or with missing the number of those that were not seen.
func (c *Connection) Client(at time.Time, data []byte, missing uint64) {
	c.client.take(at, data, missing)
}

// Server takes the next bytes of the server, likewise.
func (c *Connection) Server(at time.Time, data []byte, missing uint64) {
	c.server.take(at, data, missing)
}

// Closed says that a direction has ended, which ends a body that has no length of its own.
func (c *Connection) Closed(client bool, at time.Time) {
	r := &c.server
	if client {
		r = &c.client
	}
	if r.state == untilClose || r.state != start && r.state != header && r.state != lost {
		r.finish(at)
	}
}

// Exchanges returns a copy of what was read so far, the oldest first.
func (c *Connection) Exchanges() []Exchange {
	all := append([]Exchange(nil), c.exchanges...)
	return all
}

// IsHTTP reports whether anything was read that is HTTP.
func (c *Connection) IsHTTP() bool { return len(c.exchanges) > 0 }

// add makes room for another exchange and returns its number.
func (c *Connection) add(e Exchange) uint64 {
	if len(c.exchanges) == c.limits.Exchanges {
		copy(c.exchanges, c.exchanges[1:])
		c.exchanges = c.exchanges[:len(c.exchanges)-1]
		c.first++
		c.Forgotten++
	}
	c.exchanges = append(c.exchanges, e)
	return c.first + uint64(len(c.exchanges)) - 1
}

// exchange is the one with that number, nil when it was forgotten or is yet to come.
func (c *Connection) exchange(n uint64) *Exchange {
	if n < c.first || n-c.first >= uint64(len(c.exchanges)) {
		return nil
	}
	return &c.exchanges[n-c.first]
}

// resume finds the request that the first response behind a gap belongs to: the newest, for a client that waits for each answer. Of one
// that does not wait nobody can tell.
func (c *Connection) resume() {
	if c.piped || c.asked == 0 {
		c.answered = c.first + uint64(len(c.exchanges))
		return
	}
	c.answered = max(c.answered, c.asked-1)
}

// answer is the number of the exchange that the next response belongs to; a response whose request was not seen is one of its own.
func (c *Connection) answer() uint64 {
	c.answered = max(c.answered, c.first)
	if c.exchange(c.answered) == nil {
		c.answered = c.add(Exchange{})
	}
	return c.answered
}
