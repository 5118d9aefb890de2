package traffic

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// WritePcap writes the traffic as a pcap file of Ethernet frames with times in microseconds, as tcpdump writes it on the
// collector's interface.
func (t *Traffic) WritePcap(w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<18)
	header := []byte{0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0}
	if _, err := out.Write(header); err != nil {
		return fmt.Errorf("traffic: write pcap: %w", err)
	}
	var record []byte
	for at, packet := range t.All() {
		length := uint32(ethernetLen + len(packet))
		record = binary.LittleEndian.AppendUint32(record[:0], uint32(at.Unix()))
		record = binary.LittleEndian.AppendUint32(record, uint32(at.Nanosecond()/1000))
		record = binary.LittleEndian.AppendUint32(record, length)
		record = binary.LittleEndian.AppendUint32(record, length)
		record = append(append(record, outerEthernet...), packet...)
		if _, err := out.Write(record); err != nil {
			return fmt.Errorf("traffic: write pcap: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("traffic: write pcap: %w", err)
	}
	return nil
}

// outerEthernet is from the collector's router to the collector.
var outerEthernet = []byte{0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x08, 0x00}

// WriteFile is WritePcap into a file, readable by its owner; one of that name is replaced.
func (t *Traffic) WriteFile(path string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("traffic: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return t.WritePcap(f)
}
