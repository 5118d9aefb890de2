package receive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/vspan-io/vspan/mirror/gre"
	"github.com/vspan-io/vspan/mirror/receive/savefile"
)

// FileOptions say what a File reads.
type FileOptions struct {
	// Path names the file; "-" is Reader, or the standard input without one.
	Path string
	// Reader, if not nil, is read instead of opening Path; Path then only
	// serves for messages. It is not closed.
	Reader io.Reader
	// Limits bound the reassembly. Its time is that of the packets.
	Limits Limits
	// Refused, if not nil, is told of what cannot be delivered.
	Refused RefusedFunc
}

// File reads a pcap or pcapng file, plain or gzipped, of the link types
// Ethernet, Linux cooked (SLL, SLL2), BSD loopback and raw IP, with VLAN tags.
type File struct {
	options FileOptions
	intake  *intake

	mu      sync.Mutex // guards stage, packets and close; held while Open waits
	stage   stage
	packets *savefile.Reader
	batch   fileBatch
	close   func() error

	strange  []savefile.LinkType // link types that are not read, of which was warned
	warned   sync.Mutex          // guards warnings
	warnings []string
}

// NewFile returns a File. Nothing is opened before Open or Run.
func NewFile(o FileOptions) *File {
	return &File{options: o, intake: steadyIntake(o.Limits, o.Refused)}
}

// Open opens the file and reads its header, for which it waits if the input is
// a pipe.
func (f *File) Open() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stage.open(f.open)
}

func (f *File) open() error {
	f.close = func() error { return nil }
	reader := f.options.Reader
	switch {
	case reader != nil:
	case f.options.Path == "-":
		reader = os.Stdin
	default:
		opened, err := os.Open(f.options.Path)
		if err != nil {
			return fmt.Errorf("receive: open capture file: %w", err)
		}
		reader, f.close = opened, opened.Close
	}
	packets, err := savefile.NewReader(reader)
	if err == nil {
		err = refuseLink(packets)
	}
	if err != nil {
		return errors.Join(f.wrap(err), f.close())
	}
	f.packets = packets
	return nil
}

// refuseLink refuses a file of whose packets none can be read.
func refuseLink(packets *savefile.Reader) error {
	if link, ok := packets.Link(); ok && !readable(link) {
		return fmt.Errorf("link type %d is not read", link)
	}
	return nil
}

func (f *File) wrap(err error) error {
	return fmt.Errorf("receive: capture file %q: %w", f.options.Path, err)
}

// Run reads to the end. A file that breaks off gives what it has and then an
// error that names the packet. When ctx ends first, Run ends after the batch in
// hand, and returns ctx's cause; a Reader that blocks keeps Run from noticing.
func (f *File) Run(ctx context.Context, handlers func(worker int) Handler) error {
	f.mu.Lock()
	err := f.stage.run(f.open)
	f.mu.Unlock()
	if err != nil {
		return err
	}
	f.batch = fileBatch{intake: f.intake, handle: handlers(0)}
	f.packets.BeforeReading(f.batch.end)
	err = f.read(ctx)
	f.batch.end()
	f.intake.finish()
	return errors.Join(err, f.close())
}

func (f *File) read(ctx context.Context) error {
	for {
		between := f.batch.size%maxFileBatch == 0 // two batches
		if between && ctx.Err() != nil {
			return f.wrap(context.Cause(ctx))
		}
		p, err := f.packets.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return f.wrap(err)
		}
		f.batch.add(p.Time)
		ip, ok := network(p.Link, p.Data)
		if !ok {
			f.intake.pass()
			f.warn(p.Link)
			continue
		}
		if at := gre.Nanoseconds(p.Time); !f.intake.plain(at, ip, f.batch.handle) {
			cut := p.Length - len(p.Data)
			f.intake.any(packet{at: at, now: p.Time, ip: ip, wireLen: len(ip) + cut}, f.batch.handle)
		}
	}
}

// maxWarnings bounds what a file with many strange interfaces can make us say.
const maxWarnings = 8

// warn notes a link type that is not read, once.
func (f *File) warn(link savefile.LinkType) {
	if readable(link) || len(f.strange) == maxWarnings || slices.Contains(f.strange, link) {
		return
	}
	f.strange = append(f.strange, link)
	f.warned.Lock()
	defer f.warned.Unlock()
	f.warnings = append(f.warnings, fmt.Sprintf("packets of link type %d are counted and not read", link))
}

// Close releases a File that will not be run.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stage.release(func() error { return f.close() })
}

// Counters may be called at any time.
func (f *File) Counters() Counters { return f.intake.tally.snapshot() }

// Describe may be called at any time.
func (f *File) Describe() Description {
	f.warned.Lock()
	defer f.warned.Unlock()
	return Description{Kind: KindFile, Path: f.options.Path, Warnings: slices.Clone(f.warnings)}
}
