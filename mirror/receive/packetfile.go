package receive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// packetFile reads the packets of a file with the link type of each.
type packetFile interface {
	// next returns io.EOF at the end of a file that is whole. The data is valid
	// until the next call.
	next() ([]byte, gopacket.CaptureInfo, layers.LinkType, error)
}

var (
	magicGzip   = []byte{0x1F, 0x8B}
	magicPcapng = []byte{0x0A, 0x0D, 0x0D, 0x0A} // a section header block
)

// readPacketFile reads the header of a pcap or pcapng file, plain or gzipped.
func readPacketFile(r io.Reader) (packetFile, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	magic, err := b.Peek(4)
	if bytes.HasPrefix(magic, magicGzip) {
		unzipped, err := gzip.NewReader(b)
		if err != nil {
			return nil, err
		}
		b = bufio.NewReaderSize(unzipped, 1<<16)
		magic, err = b.Peek(4)
		if err != nil {
			return nil, headerError(magic, err)
		}
	} else if err != nil {
		return nil, headerError(magic, err)
	}
	if bytes.Equal(magic, magicPcapng) {
		ng, err := pcapgo.NewNgReader(b, pcapgo.NgReaderOptions{WantMixedLinkType: true, SkipUnknownVersion: true})
		if err != nil {
			return nil, fmt.Errorf("pcapng header: %w", whole(err))
		}
		return pcapngFile{ng}, nil
	}
	old, err := pcapgo.NewReader(b)
	if err != nil {
		return nil, fmt.Errorf("pcap header: %w", whole(err))
	}
	if !readable(old.LinkType()) {
		return nil, fmt.Errorf("link type %d (%v) is not read", uint16(old.LinkType()), old.LinkType())
	}
	return pcapFile{old}, nil
}

func headerError(got []byte, err error) error {
	switch {
	case !errors.Is(err, io.EOF):
		return err
	case len(got) == 0:
		return errors.New("empty: neither pcap nor pcapng")
	}
	return errors.New("too short for pcap or pcapng")
}

// whole turns the end of the input where there should have been more into the
// error that says so.
func whole(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

type pcapFile struct{ r *pcapgo.Reader }

func (f pcapFile) next() ([]byte, gopacket.CaptureInfo, layers.LinkType, error) {
	data, info, err := f.r.ZeroCopyReadPacketData()
	if info.CaptureLength != 0 || !info.Timestamp.IsZero() {
		// There was a record header, so that its data must follow.
		err = whole(err)
	}
	return data, info, f.r.LinkType(), err
}

type pcapngFile struct{ r *pcapgo.NgReader }

func (f pcapngFile) next() ([]byte, gopacket.CaptureInfo, layers.LinkType, error) {
	data, info, err := f.r.ZeroCopyReadPacketData()
	if err != nil {
		return nil, info, 0, err
	}
	link, _ := info.AncillaryData[0].(layers.LinkType)
	return data, info, link, nil
}
