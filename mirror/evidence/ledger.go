package evidence

// Limits bound the tables of a Ledger that are keyed by what arrives. Zero means the default.
type Limits struct {
	Streams   int // sequence spaces followed at a time; default 4096
	Unclaimed int // kinds of unclaimed traffic kept at a time; default 1024
}

// Ledger counts what arrives. One worker calls Observe; any goroutine may call View.
type Ledger struct{}

// NewLedger returns an empty ledger.
func NewLedger(limits Limits) *Ledger { return &Ledger{} }

// Observe takes one arrival: decapsulates it, finds the session and the source it belongs to in t, and counts it. In steady state it
// allocates nothing. t is the newest table; nil is an empty one.
func (l *Ledger) Observe(t *Table, a Arrival) {}

// View returns a copy of everything counted so far.
func (l *Ledger) View() *View { return &View{} }
