package savefile

import (
	"errors"
	"fmt"
)

// sectionMinimum is the length of a section header without options, bytes.
const sectionMinimum = 16

// section reads the body
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                      Byte-Order Magic                         |
//	|         Major Version         |         Minor Version         |
//	|                         Section Length                        |
//	|                            64 bits                            |
//	/                            Options                            /
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// of which the length is not needed. Version 1.2 is that of some early files
// and means 1.0.
func (f *pcapng) section(body []byte) error {
	if len(body) < sectionMinimum {
		return tooShort(body, sectionMinimum)
	}
	major, minor := f.uint16(body[4:]), f.uint16(body[6:])
	if major != 1 || minor != 0 && minor != 2 {
		return fmt.Errorf("version %d.%d is not read, 1.0 and 1.2 are", major, minor)
	}
	f.interfaces = f.interfaces[:0]
	return nil
}

func tooShort(body []byte, want int) error {
	return fmt.Errorf("a body of %d bytes, less than %d", len(body), want)
}

// iface is an interface of a section.
type iface struct {
	link    LinkType
	snapLen uint32 // 0: none
	clock   clock
}

// maxInterfaces bounds the interfaces of a section that are kept.
const maxInterfaces = 1 << 16

// interfaceMinimum is the length of an interface description without options.
const interfaceMinimum = 8

// describe reads the body
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|           LinkType            |           Reserved            |
//	|                            SnapLen                            |
//	/                            Options                            /
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
func (f *pcapng) describe(body []byte) error {
	if len(body) < interfaceMinimum {
		return tooShort(body, interfaceMinimum)
	}
	if len(f.interfaces) == maxInterfaces {
		return fmt.Errorf("more than %d interfaces in one section", maxInterfaces)
	}
	i := iface{link: LinkType(f.uint16(body)), snapLen: f.uint32(body[4:]), clock: microseconds}
	err := f.options(body[interfaceMinimum:], func(code uint16, value []byte) {
		switch {
		case code == optionResolution && len(value) == 1:
			i.clock.setResolution(value[0])
		case code == optionOffset && len(value) == 8:
			i.clock.offset = int64(f.uint64(value))
		}
	})
	if err != nil {
		return err
	}
	f.interfaces = append(f.interfaces, i)
	return nil
}

// The options of an interface that say what its times mean.
const (
	optionEnd        = 0
	optionResolution = 9  // if_tsresol
	optionOffset     = 14 // if_tsoffset, seconds
)

// options gives the options to each: two bytes of code, two of length, and the
// value, padded to a multiple of four.
func (f *pcapng) options(b []byte, each func(code uint16, value []byte)) error {
	for len(b) > 0 {
		if len(b) < 4 {
			return errors.New("it ends inside an option")
		}
		code, n := f.uint16(b), int(f.uint16(b[2:]))
		if code == optionEnd {
			return nil
		}
		padded := (n + 3) &^ 3
		if len(b)-4 < padded {
			return fmt.Errorf("it ends inside option %d of %d bytes", code, n)
		}
		each(code, b[4:4+n])
		b = b[4+padded:]
	}
	return nil
}

// interfaceOf is the interface of the number.
func (f *pcapng) interfaceOf(id uint32) (*iface, error) {
	if uint64(id) >= uint64(len(f.interfaces)) {
		return nil, fmt.Errorf("interface %d of a section that has %d", id, len(f.interfaces))
	}
	return &f.interfaces[id], nil
}
