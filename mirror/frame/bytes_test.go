package frame

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	macA  = MAC{0, 0x50, 0x56, 0, 0, 1}
	macB  = MAC{0, 0x50, 0x56, 0, 0, 2}
	addrA = netip.MustParseAddr("10.0.0.1")
	addrB = netip.MustParseAddr("10.0.0.2")
	addrC = netip.MustParseAddr("2001:db8::1")
	addrD = netip.MustParseAddr("2001:db8::2")
)

// Pieces of frames, from station A to station B.
const (
	eth  = "005056000002 005056000001"
	v6AD = "20010db8000000000000000000000001 20010db8000000000000000000000002"
	// 28 bytes of IPv4 and UDP, its checksum left to the card.
	udp4 = "4500001c 00010000 401166ce 0a000001 0a000002 d431 0035 0008 0000"
)
