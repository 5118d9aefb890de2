package receive

import (
	"bytes"
	"context"
	"testing"
	"time"
)

// FuzzIntake feeds arbitrary packets, several per input with a time between
// them, through parsing and reassembly. Nothing may panic, every packet is
// accounted for, and memory stays within the limits.
func FuzzIntake(f *testing.F) {
	frame := func(packets ...[]byte) []byte {
		var b []byte
		for _, p := range packets {
			b = append(b, byte(len(p)>>8), byte(len(p)), 1)
			b = append(b, p...)
		}
		return b
	}
	f.Add(frame(ipv4(v4a, v4b, 47, part{}, greOf(10))))
	f.Add(frame(split4(greOf(100), 1, 40)...))
	f.Add(frame(split6(greOf(100), 1, 40)...))
	f.Add(frame(ipv6(v6a, v6b, 60, append(option(47), greOf(10)...))))
	f.Fuzz(func(t *testing.T, input []byte) {
		limits := Limits{Bytes: 1 << 14, Datagrams: 8, PerDatagram: 4, Share: 2, Timeout: 20 * time.Millisecond}
		in := newIntake(limits, nil)
		now := start
		for len(input) >= 3 {
			n := min(int(input[0])<<8|int(input[1]), len(input)-3)
			now = now.Add(time.Duration(input[2]) * time.Millisecond)
			in.take(packet{at: now.UnixNano(), now: now, ip: input[3 : 3+n]}, each(func(d *Datagram) {
				if !d.Src().IsValid() || !d.Dst().IsValid() || d.Fragments < 1 || len(d.Payload) > d.WireLen {
					t.Errorf("impossible datagram %+v", d)
				}
			}))
			input = input[3+n:]
			in.show()
			c := in.tally.snapshot()
			checkSum(t, c)
			if c.PendingBytes > uint64(limits.Bytes) || len(in.joiner.partials) > limits.Datagrams {
				t.Fatalf("beyond the limits: %+v", c)
			}
		}
		in.finish()
		c := in.tally.snapshot()
		checkSum(t, c)
		if c.Pending != 0 || c.PendingBytes != 0 || len(in.joiner.shares) != 0 {
			t.Fatalf("left behind: %+v", c)
		}
	})
}

// FuzzPlain takes arbitrary packets by the short way and by the general one.
func FuzzPlain(f *testing.F) {
	for _, b := range plainSeeds() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { samePlain(t, b) })
}

// FuzzFile reads arbitrary files. Nothing may panic, and Run ends.
func FuzzFile(f *testing.F) {
	for _, b := range captureSeeds() {
		f.Add(b)
		f.Add(b[:len(b)-3])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file := NewFile(FileOptions{Path: "fuzz", Reader: bytes.NewReader(b)})
		delivered := uint64(0)
		_ = file.Run(context.Background(), Each(func(*Datagram) { delivered++ })) // an error is a right answer
		c := file.Counters()
		checkSum(t, c)
		if c.Datagrams != delivered {
			t.Errorf("%d delivered, %d counted", delivered, c.Datagrams)
		}
	})
}

// FuzzRingBlock walks arbitrary ring blocks: the kernel is trusted, our offsets
// into its layout are not.
func FuzzRingBlock(f *testing.F) {
	f.Add(layBlock(ringPacket{protocol: 0x0800, data: ipv4(v4a, v4b, 47, part{}, greOf(10))}))
	f.Fuzz(func(t *testing.T, b []byte) {
		walk := newRingBlock(b) // an error is a right answer
		for f := walk.next(); f != nil; f = walk.next() {
			_, _ = f.ip()
			if f.cut() < 0 {
				t.Error("more bytes than there were")
			}
		}
	})
}
