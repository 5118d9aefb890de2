package savefile

import (
	"bytes"
	"fmt"
	"testing"
	"testing/iotest"
)

// FuzzReader reads arbitrary input. Nothing may panic or go on for ever, what is
// handed out stays within its bounds, and it does not matter how the input
// comes.
func FuzzReader(f *testing.F) {
	for _, parts := range sampleFiles() {
		file := join(parts...)
		f.Add(file)
		f.Add(file[:len(file)-3])
		f.Add(gzipped(f, file))
	}
	for _, order := range orders {
		for _, blocks := range madeBlocks(pcapngMaker{order}) {
			if len(blocks) < 1<<12 {
				f.Add(blocks)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		packets, err := readBytes(b)
		zipped := bytes.HasPrefix(b, magicGzip)
		total := 0
		for i, p := range packets {
			total += len(p.Data)
			if len(p.Data) > maxHugePacket || p.Length < 0 || p.Interface < 0 || p.Interface >= maxInterfaces {
				t.Fatalf("packet %d: %d bytes of %d, interface %d", i+1, len(p.Data), p.Length, p.Interface)
			}
		}
		if total > len(b) && !zipped {
			t.Fatalf("%d bytes of packets in a file of %d", total, len(b))
		}
		if len(b) > 1<<12 || zipped {
			return
		}
		again, errAgain := readAll(iotest.OneByteReader(bytes.NewReader(b)))
		if fmt.Sprint(packets, err) != fmt.Sprint(again, errAgain) {
			t.Fatalf("%v, %v; byte by byte %v, %v", packets, err, again, errAgain)
		}
	})
}

// FuzzPcapng puts arbitrary blocks behind a good start, which arbitrary input
// seldom has.
func FuzzPcapng(f *testing.F) {
	f.Add(uint32(enhancedPacket), plainPcapng.words(0, 0, 0, 4, 4, 7), false)
	f.Add(uint32(obsoletePacket), plainPcapng.words(0, 0, 0, 4, 4, 7), true)
	f.Add(uint32(simplePacket), plainPcapng.words(4, 7), false)
	f.Add(uint32(interfaceDescription), plainPcapng.words(1, 0, 9|1<<16, 0xA0, 14|8<<16, 1, 1, 0), false)
	f.Add(uint32(sectionHeader), plainPcapng.words(byteOrderMagic, 1, 0, 0), false)
	f.Add(uint32(99), []byte("skipped"), true)
	f.Fuzz(func(t *testing.T, kind uint32, body []byte, big bool) {
		m := plainPcapng
		if big {
			m.order = orders["big-endian"]
		}
		file := join(m.section(), m.iface(LinkRaw, 0), m.block(blockType(kind), body), m.enhanced(0, 1, []byte("last")))
		packets, err := readBytes(file)
		if err != nil {
			return // a right answer to a damaged block
		}
		if n := len(packets); blockType(kind) != sectionHeader && (n == 0 || packets[n-1].Data != "last") {
			t.Fatalf("%v: nothing is wrong, and the packet behind the block is missing", packets)
		}
	})
}
