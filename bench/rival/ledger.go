// Package rival does with gopacket what vspan's own decoder and ledger do: the least code that counts each packet for its source and
// its ERSPAN id and follows the sequence there. It attributes nothing to a VM and no direction, which ours does.
package rival

// key tells mirrors apart: the outer source, and the ERSPAN id.
type key struct {
	source  [4]byte
	session uint16
}

// account is what is counted for one of them.
type account struct {
	packets, bytes uint64
	next           uint32
	lost           uint64
}

// Ledger counts packets by source and id in a Go map.
type Ledger struct{ accounts map[key]*account }

// NewLedger returns an empty one.
func NewLedger() *Ledger { return &Ledger{accounts: make(map[key]*account)} }

func (l *Ledger) count(k key, sequence uint32, length int) {
	a := l.accounts[k]
	if a == nil {
		a = &account{next: sequence}
		l.accounts[k] = a
	}
	a.packets++
	a.bytes += uint64(length)
	a.lost += uint64(sequence - a.next)
	a.next = sequence + 1
}

// Totals are the packets counted, and the numbers missing between them.
func (l *Ledger) Totals() (packets, lost uint64) {
	for _, a := range l.accounts {
		packets += a.packets
		lost += a.lost
	}
	return packets, lost
}
