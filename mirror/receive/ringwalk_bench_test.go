package receive

import (
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

type silent struct{ sum int }

func (s *silent) Begin() {}
func (s *silent) Take(d *Datagram) {
	p := d.Payload
	s.sum += int(binary.BigEndian.Uint32(p[4:])) + int(p[40]) + int(p[80])
}
func (s *silent) End() {}

func BenchmarkRingWalk(b *testing.B) {
	for name, n := range map[string]int{"hot": 1, "cold": 128} {
		b.Run(name, func(b *testing.B) {
			runtime.LockOSThread()
			var packets []ringPacket
			for i := range 2000 {
				packets = append(packets, ringPacket{protocol: 0x0800, index: 3, data: ipv4(v4a, v4b, 47, part{}, gre(200+i%170))})
			}
			one := layBlock(packets...)
			var blocks [][]byte
			for range n {
				blocks = append(blocks, append([]byte(nil), one...))
			}
			w := &ringWorker{intake: newIntake(Limits{}, nil), scene: newScene()}
			h := &silent{}
			b.ReportAllocs()
			now := time.Now()
			_ = now
			i := 0
			var before, after unix.Rusage
			_ = unix.Getrusage(unix.RUSAGE_THREAD, &before)
			for b.Loop() {
				if err := w.read(blocks[i%n], h); err != nil {
					b.Fatal(err)
				}
				i++
			}
			_ = unix.Getrusage(unix.RUSAGE_THREAD, &after)
			b.ReportMetric(float64(after.Utime.Nano()-before.Utime.Nano())/float64(i*2000), "cpu-ns/packet")
		})
	}
}
