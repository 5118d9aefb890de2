// Package probe shows that a mirror delivers where nothing else would move: it sends packets with a nonce to the guests of mirrored
// ports, and looks for their copies among the frames that were attributed to the session.
//
// A nonce is 16 random bytes that nobody knew before, so that a copy of it proves that a packet sent just now came through the mirror.
// Only a copy that was attributed to the session counts: one that a vmkernel address of a host of the switch has sent.
//
// What came of it is one of four things. A copy came: the mirror works, whether the guest answers or not. The guest answered and no copy
// came: the mirror is broken. Neither: the guest cannot be reached, and nothing is proved.
package probe
