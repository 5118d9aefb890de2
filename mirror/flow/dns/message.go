// Package dns reads DNS messages (RFC 1035): questions, answers and what else they carry.
//
// Nothing here does IO or keeps state but Framer; names and texts are in presentation form, so that what is not printable is
// escaped. A message of any bytes costs bounded work and memory.
package dns

import "encoding/binary"

// Message is a DNS message as far as it could be read.
type Message struct {
	ID                 uint16
	Response           bool
	Opcode             uint8
	Code               uint8 // RCODE, without an extension
	Authoritative      bool
	Truncated          bool
	RecursionDesired   bool
	RecursionAvailable bool
	Questions          []Question
	Answers            []Record
	Authorities        []Record
	Additionals        []Record
	// Cut says that less could be read than the header announces: it was cut, is damaged, or is more than MaxRecords.
	Cut bool
}

// Question is what is asked.
type Question struct {
	Name        string
	Type, Class uint16
}

// Record is a resource record.
type Record struct {
	Name        string
	Type, Class uint16
	TTL         uint32 // seconds
	// Data is what it says, as a zone file has it; "" for types that are not known here.
	Data string
}

// MaxRecords is how many questions and records of one message are read.
const MaxRecords = 512

const headerLen = 12

// Parse reads a message. It is not ok when b is no DNS message: shorter than a header, or announcing what no message has.
func Parse(b []byte) (m Message, ok bool) {
	if len(b) < headerLen {
		return m, false
	}
	flags := binary.BigEndian.Uint16(b[2:])
	m = Message{
		ID: binary.BigEndian.Uint16(b), Response: flags&0x8000 != 0, Opcode: uint8(flags >> 11 & 15), Code: uint8(flags & 15),
		Authoritative: flags&0x0400 != 0, Truncated: flags&0x0200 != 0, RecursionDesired: flags&0x0100 != 0, RecursionAvailable: flags&0x0080 != 0,
	}
	if m.Opcode > 6 || flags&0x0040 != 0 {
		return Message{}, false
	}
	r := reader{b: b, at: headerLen}
	for range binary.BigEndian.Uint16(b[4:]) {
		q, ok := r.question()
		if !ok {
			m.Cut = true
			return m, len(m.Questions) > 0 || r.truncatedHonestly()
		}
		m.Questions = append(m.Questions, q)
	}
	for i, section := range []*[]Record{&m.Answers, &m.Authorities, &m.Additionals} {
		for range binary.BigEndian.Uint16(b[6+2*i:]) {
			record, ok := r.record()
			if !ok {
				m.Cut = true
				return m, true
			}
			*section = append(*section, record)
		}
	}
	return m, true
}
