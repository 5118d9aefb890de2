package filter

import (
	"net/netip"
	"strconv"
	"strings"
)

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

func isWordByte(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' }

// nameLen is the length of the word that s begins with: letters, digits, and
// between them dots, dashes and underscores; a dot may also be at the end.
func nameLen(s string) int {
	if s == "" || !isWordByte(s[0]) {
		return 0
	}
	n := 1
	for n < len(s) && (isWordByte(s[n]) || strings.IndexByte("-_.", s[n]) >= 0) {
		n++
	}
	return len(strings.TrimRight(s[:n], "-_"))
}

// numberLen is the length of the number that s begins with, decimal or with 0x.
func numberLen(s string) int {
	if n := runLen(s, 2, len(s), isHex); len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' && n > 2 {
		return n
	}
	return runLen(s, 0, len(s), isDigit)
}

// runLen is the end of the run of bytes of a kind that begins at from, and to at
// the most.
func runLen(s string, from, to int, kind func(byte) bool) int {
	n := from
	for n < min(len(s), to) && kind(s[n]) {
		n++
	}
	return n
}

// parseNumber reads a number as C does: 0x for hexadecimal, 0 for octal. The
// problem is the rest of a sentence.
func parseNumber(s string) (value uint32, problem string) {
	digits, base := s, 10
	switch {
	case len(s) > 2 && s[1]|0x20 == 'x':
		digits, base = s[2:], 16
	case s[0] == '0':
		base = 8
	}
	if base == 8 && strings.ContainsAny(digits, "89") {
		return 0, "begins with 0 and so is octal, but has a digit that is not"
	}
	v, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return 0, "does not fit into 32 bits"
	}
	return uint32(v), ""
}

// ipv4Len is the length of the two to four numbers with dots between that s
// begins with.
func ipv4Len(s string) int {
	n, parts := numberLen(s), 1
	for n > 0 && parts < 4 && n < len(s) && s[n] == '.' {
		more := numberLen(s[n+1:])
		if more == 0 {
			break
		}
		n, parts = n+1+more, parts+1
	}
	if parts == 1 {
		return 0
	}
	return n
}

// parseIPv4 reads what ipv4Len found: an address of which only the first parts may
// be there. bits is the length of these, 0 if it is none.
func parseIPv4(s string) (address uint32, bits int) {
	for part := range strings.SplitSeq(s, ".") {
		v, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return 0, 0
		}
		address, bits = address<<8|uint32(v), bits+8
	}
	return address << (32 - bits), bits
}

// ipv6Len is the length of the IPv6 address that s begins with.
func ipv6Len(s string) int {
	// The longest is eight groups of four, the last two as IPv4.
	const longest = 6*5 + 15
	end := runLen(s, 0, longest, func(c byte) bool { return isHex(c) || c == ':' || c == '.' })
	if strings.Count(s[:end], ":") < 2 {
		return 0
	}
	for n := end; n > 1; n-- {
		if _, err := netip.ParseAddr(s[:n]); err == nil && strings.IndexByte(s[:n], ':') >= 0 {
			return n
		}
	}
	return 0
}

// macLen is the length of the MAC address that s begins with: six pairs of
// digits with colons, dashes or dots between, three quadruples with dots, or
// twelve digits.
func macLen(s string) int {
	longest := 0
	for _, separator := range []byte(":-.") {
		longest = max(longest, groupsLen(s, 6, 1, 2, separator))
	}
	longest = max(longest, groupsLen(s, 3, 4, 4, '.'))
	if runLen(s, 0, 12, isHex) == 12 {
		longest = max(longest, 12)
	}
	return longest
}

// groupsLen is the length of count groups of least to most hexadecimal digits
// with separators between, if s begins with them.
func groupsLen(s string, count, least, most int, separator byte) int {
	n := 0
	for i := range count {
		if i > 0 {
			if n == len(s) || s[n] != separator {
				return 0
			}
			n++
		}
		end := runLen(s, n, n+most, isHex)
		if end-n < least {
			return 0
		}
		n = end
	}
	return n
}

// brokenMACLen is the length of groups of digits with a colon behind each, at
// least two, which is nothing else than a mistake.
func brokenMACLen(s string) int {
	n, groups := 0, 0
	for {
		digits := runLen(s, n, n+2, isHex)
		colons := runLen(s, digits, len(s), func(c byte) bool { return c == ':' })
		if digits == n || colons == digits {
			break
		}
		n, groups = colons, groups+1
	}
	if groups < 2 {
		return 0
	}
	return n
}

// parseMAC reads what macLen found.
func parseMAC(s string) (mac [6]byte) {
	if macDigits := strings.Map(onlyHex, s); len(macDigits) == 12 {
		v, _ := strconv.ParseUint(macDigits, 16, 48)
		for i := range mac {
			mac[i] = byte(v >> (40 - 8*i))
		}
		return mac
	}
	for i, part := range strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '-' || r == '.' }) {
		v, _ := strconv.ParseUint(part, 16, 8)
		mac[i] = byte(v)
	}
	return mac
}

func onlyHex(r rune) rune {
	if r < 0x80 && isHex(byte(r)) {
		return r
	}
	return -1
}
