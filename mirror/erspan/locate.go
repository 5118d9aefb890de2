package erspan

// location says what follows the 12 bytes of a Type III header.
type location struct {
	platform bool // the sub-header, before the mirrored bytes
	ip       bool // an IP packet is mirrored, not an Ethernet frame
}

// locate decides what b, the bytes after the 12 of the header, are. The frame type
// and the O bit are believed as long as the frame type makes sense. Some senders
// leave both to chance and put a sub-header there although O is 0; then the
// Ethernet header that looks more like one wins, and on a tie the O bit. It is not
// ok when neither looks like one.
func locate(kind FrameKind, o bool, b []byte) (l location, ok bool) {
	said := b
	if o {
		said = b[PlatformLen:]
	}
	switch kind {
	case FrameEthernet:
		return location{platform: o}, true
	case FrameIP:
		if looksIP(said) {
			return location{platform: o, ip: true}, true
		}
	}
	bare, behind := ethernetLikeness(b), unlike
	if len(b) >= PlatformLen {
		behind = ethernetLikeness(b[PlatformLen:])
	}
	switch {
	case bare == unlike && behind == unlike:
		return location{}, false
	case bare == behind:
		return location{platform: o}, true
	}
	return location{platform: behind > bare}, true
}
