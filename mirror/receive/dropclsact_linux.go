//go:build !client

package receive

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// clsact attaches by a filter of the clsact qdisc, which outlives the process. So
// the filter's name says whose it is, see lifeline. A qdisc that is there already
// is used and left; one that was added for the filter goes with it, unless others
// have come to use it.
type clsact struct {
	handle *netlink.Handle
	life   lifeline
}

// dropPriority is that of our filter among those of the qdisc: behind what others
// are likely to have chosen, because the first that drops is the last to be asked.
const dropPriority = 49147

// The name of a filter: the prefix, the life that it depends on, and the suffix if
// the qdisc was added for it.
const (
	dropFilterPrefix = "vspan-drop:"
	dropFilterQdisc  = "+qdisc"
)

func newClsact(l *links) (*clsact, error) {
	life, err := newLifeline()
	return &clsact{handle: l.handle, life: life}, err
}

func (c *clsact) name() string { return "clsact" }

func (c *clsact) close() error { return c.life.close() }

// attach adds the filter, and the qdisc where there is none.
func (c *clsact) attach(index int, program *ebpf.Program) (closer, error) {
	name := dropFilterPrefix + c.life.name
	err := c.handle.QdiscAdd(clsactOf(index))
	switch {
	case err == nil:
		name += dropFilterQdisc
	case !errors.Is(err, unix.EEXIST):
		return nil, fmt.Errorf("add the clsact qdisc: %w", err)
	}
	filter := &netlink.BpfFilter{
		FilterAttrs: netlink.FilterAttrs{
			LinkIndex: index, Parent: netlink.HANDLE_MIN_INGRESS, Protocol: unix.ETH_P_ALL, Priority: dropPriority,
		},
		Fd: program.FD(), Name: name, DirectAction: true,
	}
	attached := clsactFilter{c, index, name}
	if err := c.handle.FilterAdd(filter); err != nil {
		return nil, errors.Join(fmt.Errorf("add the filter: %w", err), attached.Close())
	}
	return attached, nil
}

// clsactFilter is a filter of ours.
type clsactFilter struct {
	*clsact
	index int
	name  string
}

// Close removes the filter, and the qdisc that was added for it unless it is used.
func (f clsactFilter) Close() error {
	filters, err := f.handle.FilterList(linkOf(f.index), netlink.HANDLE_MIN_INGRESS)
	if err != nil {
		return fmt.Errorf("list filters: %w", err)
	}
	for _, filter := range filters {
		if bpf, ok := filter.(*netlink.BpfFilter); ok && bpf.Name == f.name {
			err = errors.Join(err, f.handle.FilterDel(filter))
		}
	}
	if strings.HasSuffix(f.name, dropFilterQdisc) {
		err = errors.Join(err, f.removeQdisc())
	}
	return err
}

func (f clsactFilter) removeQdisc() error {
	for _, parent := range []uint32{netlink.HANDLE_MIN_INGRESS, netlink.HANDLE_MIN_EGRESS} {
		filters, err := f.handle.FilterList(linkOf(f.index), parent)
		if err != nil {
			return fmt.Errorf("list filters: %w", err)
		}
		if len(filters) > 0 {
			return nil
		}
	}
	if err := f.handle.QdiscDel(clsactOf(f.index)); err != nil {
		return fmt.Errorf("remove the clsact qdisc: %w", err)
	}
	return nil
}

// sweep removes the filters of processes that are no more.
func (c *clsact) sweep() error {
	list, err := c.handle.LinkList()
	if err != nil {
		return fmt.Errorf("list interfaces: %w", err)
	}
	for _, l := range list {
		filters, err := c.handle.FilterList(l, netlink.HANDLE_MIN_INGRESS)
		if err != nil {
			continue // no qdisc that has filters
		}
		for _, filter := range filters {
			if err := c.bury(l.Attrs().Index, filter); err != nil {
				return fmt.Errorf("remove the filter that a killed process left on %s: %w", l.Attrs().Name, err)
			}
		}
	}
	return nil
}

// bury removes a filter if it is one of ours whose process is no more.
func (c *clsact) bury(index int, filter netlink.Filter) error {
	bpf, ok := filter.(*netlink.BpfFilter)
	if !ok {
		return nil
	}
	life, ok := strings.CutPrefix(bpf.Name, dropFilterPrefix)
	if !ok || alive(strings.TrimSuffix(life, dropFilterQdisc)) {
		return nil
	}
	return clsactFilter{c, index, bpf.Name}.Close()
}

func clsactOf(index int) *netlink.Clsact {
	return &netlink.Clsact{QdiscAttrs: netlink.QdiscAttrs{
		LinkIndex: index, Handle: netlink.MakeHandle(0xFFFF, 0), Parent: netlink.HANDLE_CLSACT,
	}}
}

func linkOf(index int) netlink.Link {
	return &netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: index}}
}
