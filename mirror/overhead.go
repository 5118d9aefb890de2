package mirror

// Overhead is how many bytes an encapsulation adds in front of each mirrored frame over IPv4; IPv6 adds 20 more. For gre it
// counts the 4-byte key that ESXi sends, for erspan3 no platform sub-header.
func Overhead(t EncapsulationType) int {
	const outerIPv4 = 20
	switch t {
	case ERSPAN2:
		return outerIPv4 + 8 + 8
	case ERSPAN3:
		return outerIPv4 + 8 + 12
	default:
		return outerIPv4 + 8
	}
}
