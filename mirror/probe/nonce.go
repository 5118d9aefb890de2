package probe

import "crypto/rand"

// Nonce names one packet. It is random, so that a copy of it can only be of that packet.
type Nonce [16]byte

func newNonce() Nonce {
	var n Nonce
	_, _ = rand.Read(n[:]) // never fails
	return n
}

// signature follows the nonce in a packet, for people who find one in a capture.
const signature = "vspan probe"

// data is what an echo request or a datagram with the nonce carries.
func (n Nonce) data() []byte { return append(n[:], signature...) }
