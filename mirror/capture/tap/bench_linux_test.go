package tap

import (
	"fmt"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/netns/netnstest"
)

// BenchmarkWrite is what a frame on the device costs, in processor time of the thread that writes it: with nobody looking, and with
// tcpdump looking, whose own time is not counted.
func BenchmarkWrite(b *testing.B) {
	for _, looked := range []bool{false, true} {
		for _, size := range []int{64, 334, 1514, 9014} {
			b.Run(fmt.Sprintf("%d_looked_at_%v", size, looked), func(b *testing.B) { benchmarkWrite(b, size, looked) })
		}
	}
}

func benchmarkWrite(b *testing.B, size int, looked bool) {
	ns := netnstest.New(b)
	err := ns.Do(func() error {
		d, err := openDevice(deviceUnderTest, MaxMTU)
		if err != nil {
			return err
		}
		defer func() { _ = d.Close() }()
		if looked {
			tcpdump := exec.Command("tcpdump", "-i", deviceUnderTest, "-Z", "root", "-w", "/dev/null")
			if err := tcpdump.Start(); err != nil {
				return err
			}
			defer func() { _, _ = tcpdump.Process.Kill(), tcpdump.Wait() }()
		}
		f := frame(size, 2, 0x0800)
		b.SetBytes(int64(size))
		began, n := worked(), 0
		for b.Loop() {
			if _, err := d.Write(f); err != nil {
				return err
			}
			n++
		}
		b.ReportMetric(float64(worked()-began)/float64(n), "cpu-ns/op")
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// worked is the processor time of this thread in nanoseconds: what a busy machine does not falsify.
func worked() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
	return t.Nano()
}
