//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"bytes"
	_ "embed" // the object
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/mirror/receive/xdp/internal/hook"
	"github.com/vspan-io/vspan/mirror/sequence"
)

//go:generate clang -target bpfel -mcpu=v3 -O2 -g -fdebug-compilation-dir=. -Wall -Wextra -Wno-parentheses -Werror -c bpf/count.c -o bpf/count_bpfel.o
//go:generate llvm-strip -g bpf/count_bpfel.o
//go:generate go test -run ^TestObjectIsOfTheSource$ -record

//go:embed bpf/count_bpfel.o
var object []byte

// variants are the names of the same program in the order of preference.
var variants = []string{"count_frags", "count_plain"}

// kernel is what the kernel holds of a Counter.
type kernel struct {
	collections [2]*ebpf.Collection // by variant; nil as long as it was not asked for
	grace       *grace
	attached    *hook.Attached
	cpus        int // that there can be: each has a value in aside and passed

	places places
	aside  *ebpf.Map // what other CPUs than the owner of a place have counted, by slot
	// Memory that the program and this process both have.
	placed    shared[placeValue]
	margins   shared[marginValue]
	sequences shared[sequenceValue]
	detours   shared[detourValue]
	guide     shared[guideValue]

	streams4, streams6 *ebpf.Map
	passed, moments    *ebpf.Map
	clock              *ebpf.Program
}

// openKernel loads the program and attaches it.
func openKernel(o Options) (_ *kernel, err error) {
	k := new(kernel)
	defer func() {
		if err != nil {
			err = errors.Join(err, k.close())
		}
	}()
	spec, err := k.prepare(o)
	if err != nil {
		return nil, advise(err)
	}
	k.attached, err = hook.Attach(o.Interface, o.Mode,
		func() (*ebpf.Program, error) { return k.load(spec, 0) },
		func() (*ebpf.Program, error) { return k.load(spec, 1) },
	)
	if err != nil {
		return nil, advise(err)
	}
	if err := k.choose(k.attached.Variant); err != nil {
		return nil, advise(err)
	}
	return k, nil
}

// prepare reads the object and gives its maps the room that is asked for.
func (k *kernel) prepare(o Options) (spec *ebpf.CollectionSpec, err error) {
	if spec, err = ebpf.LoadCollectionSpecFromReader(bytes.NewReader(object)); err != nil {
		return nil, fmt.Errorf("read the XDP program: %w", err)
	}
	if k.cpus, err = ebpf.PossibleCPU(); err != nil {
		return nil, fmt.Errorf("count the CPUs: %w", err)
	}
	if k.grace, err = newGrace(); err != nil {
		return nil, err
	}
	room := roomFor(o.Conversations)
	for name, entries := range map[string]int{
		"places": room, "margins": room, "aside": o.Conversations,
		"streams4": o.Streams, "streams6": o.Streams, "sequences": o.Streams, "detours": o.Streams,
	} {
		spec.Maps[name].MaxEntries = uint32(entries)
	}
	k.places.factors = newFactors()
	return spec, errors.Join(spec.Variables["factors"].Set(k.places.factors), spec.Variables["weakly_ordered"].Set(runtime.GOARCH != "amd64"))
}

// load loads one variant with maps of its own, once.
func (k *kernel) load(spec *ebpf.CollectionSpec, variant int) (*ebpf.Program, error) {
	name := variants[variant]
	if k.collections[variant] == nil {
		one := spec.Copy()
		for other := range spec.Programs {
			if other != name && other != "clock" {
				delete(one.Programs, other)
			}
		}
		c, err := ebpf.NewCollection(one)
		if variant == 0 && errors.Is(err, unix.EINVAL) {
			err = fmt.Errorf("%w: on packets of several buffers there is none before Linux 5.18", err)
		}
		if err != nil {
			return nil, fmt.Errorf("load the XDP program: %w", err)
		}
		k.collections[variant] = c
	}
	return k.collections[variant].Programs[name], nil
}

// choose takes the maps of a variant, and closes the others.
func (k *kernel) choose(variant int) (err error) {
	for i, c := range k.collections {
		if i != variant && c != nil {
			c.Close()
			k.collections[i] = nil
		}
	}
	maps := k.collections[variant].Maps
	k.streams4, k.streams6 = maps["streams4"], maps["streams6"]
	k.passed, k.moments = maps["passed"], maps["moments"]
	k.clock = k.collections[variant].Programs["clock"]
	k.aside = maps["aside"]
	if err := k.share(maps); err != nil {
		return err
	}
	k.places.lieIn(k.placed.values, k.margins.values, &k.guide.values[0].Mask)
	return nil
}

// share has this process see the memory that it writes and reads.
func (k *kernel) share(maps map[string]*ebpf.Map) (err error) {
	if k.placed, err = share[placeValue](maps["places"]); err != nil {
		return err
	}
	if k.margins, err = share[marginValue](maps["margins"]); err != nil {
		return err
	}
	if k.sequences, err = share[sequenceValue](maps["sequences"]); err != nil {
		return err
	}
	if k.detours, err = share[detourValue](maps["detours"]); err != nil {
		return err
	}
	k.guide, err = share[guideValue](maps["guide"])
	return err
}

// missedOf is how many numbers of the stream at a slot nobody could look at.
func (k *kernel) missedOf(slot uint32) uint64 {
	return atomic.LoadUint64(&k.detours.values[slot].Missed)
}

// numbersOf are those of the stream at a slot.
func (k *kernel) numbersOf(slot uint32, whole bool) sequence.Numbers {
	return k.sequences.values[slot].numbers(&k.detours.values[slot], whole)
}

// stream is the table that a stream is in, and its key there.
func (k *kernel) stream(s Stream) (table *ebpf.Map, key any) {
	full := s.key()
	if s.Src.Is4() {
		return k.streams4, &full.Low
	}
	return k.streams6, &full
}

// close detaches the program and frees everything.
func (k *kernel) close() (err error) {
	if k.attached != nil {
		err = k.attached.Close()
	}
	for _, c := range k.collections {
		if c != nil {
			c.Close()
		}
	}
	if k.grace != nil {
		err = errors.Join(err, k.grace.close())
	}
	return errors.Join(err, k.placed.close(), k.margins.close(), k.sequences.close(), k.detours.close(), k.guide.close())
}

// advise names the next step where it is known.
func advise(err error) error {
	if errors.Is(features.HaveProgramHelper(ebpf.XDP, asm.FnKtimeGetCoarseNs), ebpf.ErrNotSupported) {
		return errors.New("counting in the kernel needs Linux 5.13 or later, and this one is older") // of all else that fails there that is the reason
	}
	if refused := (*ebpf.VerifierError)(nil); errors.As(err, &refused) && errors.Is(err, unix.EACCES) { // without capabilities it is EPERM
		return fmt.Errorf("this kernel's verifier refuses the program that counts: please report it, with what uname -r says: %w", err)
	}
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("counting in the kernel needs the capabilities CAP_BPF and CAP_NET_ADMIN: run as root, "+
			"or give them to the service with AmbientCapabilities=CAP_BPF CAP_NET_ADMIN: %w", err)
	}
	return err
}
