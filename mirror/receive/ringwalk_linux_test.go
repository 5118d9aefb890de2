package receive

import (
	"bytes"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// walkPackets is how many packets the blocks of BenchmarkRingWalk have.
const walkPackets = 2000

// walkBlocks are blocks of mirrors of a mean length of 334 bytes, copied short.
func walkBlocks(n int) [][]byte {
	var packets []ringPacket
	for i := range walkPackets {
		b := ipv4(v4a, v4b, 47, part{}, greOf(64+i*5%540))
		packets = append(packets, ringPacket{protocol: 0x0800, index: 3, data: b[:min(len(b), 256)]})
	}
	blocks := make([][]byte, n)
	for i := range blocks {
		blocks[i] = bytes.Clone(layBlock(packets...))
	}
	return blocks
}

// cpuTime is that of the thread, in nanoseconds: others may use the machine too.
func cpuTime(b *testing.B) int64 {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// BenchmarkRingWalk is what a packet costs from the ring to the handler, in blocks
// that lie in the processor's cache, and in more memory than that holds.
func BenchmarkRingWalk(b *testing.B) {
	for name, n := range map[string]int{"hot": 1, "cold": 128} {
		b.Run(name, func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			blocks, i := walkBlocks(n), 0
			w := &ringWorker{intake: newIntake(Limits{}, nil), scene: newScene()}
			handle := each(func(*Datagram) {})
			b.ReportAllocs()
			before := cpuTime(b)
			for ; b.Loop(); i++ {
				if err := w.read(blocks[i%n], start, handle); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpuTime(b)-before)/float64(i*walkPackets), "cpu-ns/packet")
		})
	}
}

// Walking a block costs no memory, also on all interfaces.
func TestWalkAllocatesNothing(t *testing.T) {
	block, handle := walkBlocks(1)[0], each(func(*Datagram) {})
	for _, everywhere := range []bool{false, true} {
		w := &ringWorker{intake: newIntake(Limits{}, nil), scene: newScene(), everywhere: everywhere}
		n := testing.AllocsPerRun(10, func() {
			if err := w.read(block, start, handle); err != nil {
				t.Error(err)
			}
		})
		if n != 0 || w.intake.tally.Datagrams != 11*walkPackets {
			t.Errorf("everywhere %v: %v allocations, %d datagrams", everywhere, n, w.intake.tally.Datagrams)
		}
	}
}
