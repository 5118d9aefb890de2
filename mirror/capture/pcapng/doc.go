// Package pcapng writes capture files: pcapng (draft-ietf-opsawg-pcapng) and the pcap format of old with nanoseconds
// (draft-ietf-opsawg-pcap). It does no IO: each block is appended to a slice of bytes, whole, so that whoever writes the slice decides
// what becomes of half a write. Nothing that is in a frame, a name or a comment can make a block that does not parse: numbers are held
// to their fields, text to valid UTF-8 of a length that an option can have.
//
// All numbers are little-endian. Times are nanoseconds since 1970; a time before that is written as 1970.
package pcapng
