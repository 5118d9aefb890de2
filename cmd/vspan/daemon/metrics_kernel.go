package daemon

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/mirror/kernelcount"
)

// inKernelDescs describe the metrics of counting in the kernel. They are there without it, too, and 0.
type inKernelDescs struct{ counted, passed, missed, refused *prometheus.Desc }

func newInKernelDescs() inKernelDescs {
	return inKernelDescs{
		counted: describe("receiver_kernel_counted_packets_total", "Packets that the kernel counted without handing them over."),
		passed:  describe("receiver_kernel_passed_packets_total", "Packets that the program in the kernel handed over, by why: nothing like them is counted there, or it cannot judge them.", "why"),
		missed:  describe("receiver_kernel_missed_numbers_total", "Sequence numbers that the program in the kernel could not look at, because other CPUs held the sequence. They do not count as lost."),
		refused: describe("receiver_kernel_refused_admissions_total", "Times that what recurs found no room in the tables of the program in the kernel; it is handed over."),
	}
}

func (d inKernelDescs) describe(ch chan<- *prometheus.Desc) {
	for _, one := range []*prometheus.Desc{d.counted, d.passed, d.missed, d.refused} {
		ch <- one
	}
}

func (d inKernelDescs) collect(f kernelcount.Figures, count func(d *prometheus.Desc, n uint64, labels ...string)) {
	count(d.counted, f.Counted)
	count(d.passed, f.Unadmitted, "unadmitted")
	count(d.passed, f.Unjudged, "unjudged")
	count(d.missed, f.Missed)
	count(d.refused, f.Refused)
}
