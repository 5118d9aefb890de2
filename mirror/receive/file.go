package receive

import (
	"context"
	"errors"
	"io"
)

// FileOptions say what a File reads.
type FileOptions struct {
	// Path names the file; "-" is Reader, or the standard input without one.
	Path string
	// Reader, if not nil, is read instead of opening Path; Path then only
	// serves for messages. The caller closes it.
	Reader io.Reader
	// Limits bound the reassembly. Its time is that of the packets.
	Limits Limits
	// Refused, if not nil, is told of what cannot be delivered.
	Refused RefusedFunc
}

// File reads a pcap or pcapng file, plain or gzipped.
type File struct {
	options FileOptions
	intake  *intake
}

// NewFile returns a File. Nothing is opened before Open or Run.
func NewFile(o FileOptions) *File {
	return &File{options: o, intake: newIntake(o.Limits, o.Refused)}
}

func (f *File) Open() error                        { return errors.ErrUnsupported }
func (f *File) Run(context.Context, Handler) error { return errors.ErrUnsupported }
func (f *File) Close() error                       { return nil }
func (f *File) Counters() Counters                 { return f.intake.tally.snapshot() }
func (f *File) Describe() Description              { return Description{Kind: KindFile, Path: f.options.Path} }
