package receive

// aheadLen is how many datagrams are held back so that a Foreseer knows them
// before it is given them. A power of two.
const aheadLen = 8

// ahead holds back the last datagrams of a batch from a handler that likes to
// foresee them. Their payloads lie in memory that is the batch's until its end.
type ahead struct {
	foreseer Foreseer // nil: nothing is held back
	held     [aheadLen]Datagram
	in, out  uint32
}

// begin begins a batch for the handler.
func (a *ahead) begin(handle Handler) {
	var ok bool
	if a.foreseer, ok = handle.(Foreseer); ok && !a.foreseer.Foresees() {
		a.foreseer = nil
	}
}

// next is where to make the next datagram; other where nothing is held back.
func (a *ahead) next(other *Datagram) *Datagram {
	if a.foreseer == nil {
		return other
	}
	return &a.held[a.in%aheadLen]
}

// give hands over the datagram that was made in next, or holds it back and hands
// over the one that has been held back longest.
func (a *ahead) give(d *Datagram, handle Handler) {
	if a.foreseer == nil {
		handle.Take(d)
		return
	}
	a.foreseer.Foresee(d)
	if a.in++; a.in-a.out == aheadLen {
		handle.Take(&a.held[a.out%aheadLen])
		a.out++
	}
}

// flush hands over what was held back.
func (a *ahead) flush(handle Handler) {
	for ; a.out != a.in; a.out++ {
		handle.Take(&a.held[a.out%aheadLen])
	}
}
