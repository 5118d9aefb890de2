package pcapng

import "math"

// Section is the block that a file begins with. What is empty is left out.
type Section struct {
	Comment     string
	Hardware    string // of the machine that captured
	OS          string // of that machine
	Application string // that writes
}

// Codes of the options of a section.
const (
	sectionHardware    = 2
	sectionOS          = 3
	sectionApplication = 4
)

// Append appends the block to b. Its length says that the section goes on to the end of the file.
func (s Section) Append(b []byte) []byte {
	start := len(b)
	b = open(b, typeSection)
	b = order.AppendUint32(b, byteOrderMagic)
	b = order.AppendUint16(order.AppendUint16(b, 1), 0)
	b = order.AppendUint64(b, math.MaxUint64)
	options := len(b)
	b = appendText(b, optionComment, s.Comment)
	b = appendText(b, sectionHardware, s.Hardware)
	b = appendText(b, sectionOS, s.OS)
	b = appendText(b, sectionApplication, s.Application)
	return shut(endOptions(b, options), start)
}
