package evidence

// Table is what sessions are expected to send, arranged for lookup. It does not change: its owner makes a new one when a session or
// a placement changes and swaps it in.
type Table struct{}

// NewTable arranges expectations. Of two with the same UID the last one counts.
func NewTable(expectations []Expectation) *Table { return &Table{} }
