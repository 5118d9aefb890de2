//go:build !client

package receive

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/cilium/ebpf"
)

// dropFilter keeps from the IP stack what the ring has taken, which is most of
// what receiving costs: a program at the ingress of each interface that mirrors
// come in on, behind the ring. It is nil where nothing is to be dropped, and its
// methods may be called all the same. The lock of its owner guards it.
type dropFilter struct {
	addresses []netip.Addr
	links     *links
	program   *ebpf.Program // nil where it cannot be loaded
	ways      []dropWay     // the best first; those that failed are gone
	attached  map[int]dropPlace
	reason    error // why it drops nothing, or not everywhere
	remains   error // why what others left is still there
}

// dropWay is a way to attach a program to an interface.
type dropWay interface {
	name() string
	attach(index int, program *ebpf.Program) (closer, error)
	close() error
}

type closer interface{ Close() error }

// dropPlace is where the program is attached.
type dropPlace struct {
	closer
	interfaceName string
}

// maxDropPlaces bounds the interfaces.
const maxDropPlaces = 64

// newDropFilter loads the program. What a process that was killed has left behind
// is cleared away. Where something fails, follow does nothing and describe says why.
func newDropFilter(addresses []netip.Addr, everywhere bool, l *links) *dropFilter {
	if len(addresses) == 0 {
		return nil
	}
	f := &dropFilter{addresses: addresses, links: l, attached: make(map[int]dropPlace)}
	clsact, err := newClsact(l)
	if err == nil {
		err = clsact.sweep()
	}
	f.remains = err
	f.ways = []dropWay{tcx{}, clsact}
	f.program, f.reason = newDropProgram(addresses, everywhere)
	return f
}

// follow has the program where mirrors come in, and not at ports: behind a port
// what is dropped is never seen at its master. It is nowhere while a GRE tunnel of
// the host's own ends at one of the addresses.
func (f *dropFilter) follow(t topology, where map[int]bool) {
	if f == nil || f.program == nil {
		return
	}
	f.reason = nil
	if foreign := f.tunnel(t); foreign != "" {
		f.reason = fmt.Errorf("the GRE tunnel %s of this host may end at the same address", foreign)
		where = nil
	}
	for index, place := range f.attached {
		if _, present := t.present[index]; !present || !where[index] || t.ports[index] {
			_ = place.Close() // fails where the interface is gone, and the program with it
			delete(f.attached, index)
		}
	}
	for _, index := range slices.Sorted(maps.Keys(where)) {
		_, there := f.attached[index]
		if name, present := t.present[index]; present && !there && !t.ports[index] {
			f.attach(index, name)
		}
	}
}

// tunnel names a tunnel that would lose its packets.
func (f *dropFilter) tunnel(t topology) string {
	for _, tunnel := range t.tunnels {
		if slices.ContainsFunc(f.addresses, tunnel.endsAt) {
			return tunnel.name
		}
	}
	return ""
}

// attach attaches the program by the best way there is.
func (f *dropFilter) attach(index int, name string) {
	if len(f.attached) >= maxDropPlaces {
		f.reason = fmt.Errorf("mirrors come in on more than %d interfaces", maxDropPlaces)
		return
	}
	var failed error
	for i, way := range f.ways {
		closer, err := way.attach(index, f.program)
		if err == nil {
			f.attached[index], f.ways = dropPlace{closer, name}, f.ways[i:]
			return
		}
		failed = errors.Join(failed, fmt.Errorf("%s on %s: %w", way.name(), name, err))
	}
	f.reason = failed
}

// describe says for people what is dropped and what not.
func (f *dropFilter) describe() Drop {
	if f == nil {
		return Drop{Reason: "no addresses were given to drop for"}
	}
	d := Drop{Addresses: f.addresses}
	for _, index := range slices.Sorted(maps.Keys(f.attached)) {
		d.Interfaces = append(d.Interfaces, f.attached[index].interfaceName)
	}
	if len(d.Interfaces) > 0 {
		d.Way = f.ways[0].name()
	}
	switch {
	case f.reason != nil:
		d.Reason = f.reason.Error()
	case len(d.Interfaces) == 0:
		d.Reason = "no mirror has come in yet"
	}
	return d
}

// warnings are what a person should know of it.
func (f *dropFilter) warnings() []string {
	if f == nil {
		return nil
	}
	var list []string
	if f.reason != nil {
		list = append(list, fmt.Sprintf("mirrored packets go on through the IP stack of this host, which costs more than receiving them: %v", f.reason))
	}
	if f.remains != nil {
		list = append(list, fmt.Sprintf("a filter of a killed process may be left: %v", f.remains))
	}
	return list
}

func (f *dropFilter) close() error {
	if f == nil {
		return nil
	}
	for _, place := range f.attached {
		_ = place.Close() // as in follow
	}
	var err error
	for _, way := range f.ways {
		err = errors.Join(err, way.close())
	}
	return errors.Join(err, f.program.Close())
}
