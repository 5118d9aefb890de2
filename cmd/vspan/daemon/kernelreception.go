package daemon

import (
	"context"
	"fmt"
	"slices"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/kernelcount"
	"github.com/vspan-io/vspan/mirror/receive/xdp"
)

// inKernel is counting in the kernel as the reception has it; the lock of the reception guards it.
type inKernel struct {
	on     string                // interface to count on; "": the ring counts all
	count  *kernelcount.Counting // nil while it does not count
	past   kernelcount.Figures   // of when it counted before
	way    string                // native or generic; "" while it does not count
	reason string                // why it does not count, or not in a better way
}

// kindXDP is what the API shows of a receiver whose kernel counts.
const kindXDP = "xdp"

// countInKernel has the kernel count beside the source that runs, if that is wanted, until ctx ends. Where it cannot, the ring goes on to
// count everything, and what is shown of the receiver says why.
func (r *reception) countInKernel(ctx context.Context) {
	if r.kernel.on == "" {
		return
	}
	counter := xdp.New(xdp.Options{Interface: r.kernel.on})
	if err := counter.Open(); err != nil {
		r.kernelCounts(nil, "", fmt.Sprintf("nothing is counted in the kernel: %v", err))
		return
	}
	d := counter.Describe()
	count := kernelcount.New(counter, r.books.of(0), &r.table, r.wants)
	r.kernelCounts(count, string(d.Mode), d.Reason)
	r.log.Info("counting in the kernel", "interface", d.Interface, "mode", d.Mode, "jumbo", d.Jumbo, "reason", d.Reason)
	reason := ""
	if err := count.Run(ctx); err != nil {
		reason = fmt.Sprintf("nothing is counted in the kernel any more: %v", err)
		r.log.Error("not counting in the kernel", "error", err)
	}
	r.kernelCounts(nil, "", reason)
}

// wants is what frames are wanted, to capture or to track; whoever looks at datagrams wants all of them.
func (r *reception) wants() capture.Demand {
	if r.tap != nil {
		return capture.Demand{All: true}
	}
	demand, _ := r.broker.Demand()
	if tracked := r.relays.Wanted(); len(tracked) > 0 && !demand.All {
		demand.Sessions = append(demand.Sessions, tracked...)
		slices.Sort(demand.Sessions)
		demand.Sessions = slices.Compact(demand.Sessions)
	}
	return demand
}

func (r *reception) kernelCounts(count *kernelcount.Counting, way, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kernel.count != nil {
		r.kernel.past = r.kernel.past.Plus(r.kernel.count.Figures())
	}
	r.kernel.count, r.kernel.way, r.kernel.reason = count, way, reason
}

// figures are those of all times that it counted.
func (k *inKernel) figures() kernelcount.Figures {
	if k.count == nil {
		return k.past
	}
	return k.past.Plus(k.count.Figures())
}

// show says in what the API shows of the receiver how the kernel counts.
func (k *inKernel) show(shown *api.Receiver) {
	n := k.figures().Counted
	shown.KernelCounted, shown.Packets, shown.Datagrams = n, shown.Packets+n, shown.Datagrams+n
	if k.count != nil {
		shown.Kind, shown.XDPMode, shown.Reason = kindXDP, k.way, k.reason
	} else if k.reason != "" {
		shown.Reason = k.reason
	}
}

// kernelFigures say how counting in the kernel went.
func (r *reception) kernelFigures() kernelcount.Figures {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kernel.figures()
}
