// Package flow turns mirrored frames into conversations: who talked to whom, how much, in which state, seen from which hosts, and what is
// wrong with it (Tracker). The packages below it read what was said: stream puts the bytes together again, http1, dns and tls parse
// them, follow joins these, and talkers adds up who talks most.
//
// Nothing in this package does IO, starts a goroutine or reads a clock: packets bring their time and snapshots are told what time it is.
//
// A mirror is a poor witness: it loses packets, shows one packet twice when both of its ends are mirrored, cuts frames, shows what a
// card has yet to segment and to checksum, and may show one direction only. So a problem is named only when what was seen leaves no
// other explanation. What looks like one and may be the mirror's own doing is a doubt, and says why.
package flow
