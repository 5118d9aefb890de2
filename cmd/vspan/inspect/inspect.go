// Package inspect says of a capture file, packet by packet, what mirror packets are in it.
package inspect

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/vspan-io/vspan/mirror/receive"
)

// Options say what is read and how it is told.
type Options struct {
	Path    string    // of a pcap or pcapng file, plain or gzipped; "-": Stdin
	Stdin   io.Reader // read when Path is "-"
	JSON    bool      // one JSON object a line, rather than a line for a person
	Summary bool      // only the counts
	Out     io.Writer // the data
	Notes   io.Writer // what is not data: warnings, and after the lines for a person the counts
}

// Run reads the file to its end and writes one line for each GRE packet, whole datagrams and not their fragments. It needs the
// same memory for every size of file. A file that breaks off is told as far as it goes; then the error names the packet. When ctx
// ends, what was found so far is told and the error is ctx's cause. A reader of Out that has seen enough and closes it is no error.
func Run(ctx context.Context, o Options) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	t := newTeller(o, stop)
	options := receive.FileOptions{Path: o.Path, Refused: t.undelivered}
	if o.Path == "-" {
		options.Reader = flushing{o.Stdin, t.out}
	}
	file := receive.NewFile(options)
	if err := file.Open(); err != nil {
		return err
	}
	handler := receive.Each(t.datagram)
	if o.Summary {
		handler = func(int) receive.Handler { return counting{t.tally} }
	}
	err := file.Run(ctx, handler)
	for _, warning := range file.Describe().Warnings {
		fmt.Fprintf(o.Notes, "note: %s\n", warning)
	}
	if t.broken != nil {
		err = t.broken
	} else {
		err = errors.Join(err, t.finish(file.Counters()))
	}
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// teller writes what is found. When it cannot, it stops the reading.
type teller struct {
	options Options
	stop    context.CancelCauseFunc
	out     *bufio.Writer
	json    *json.Encoder
	packet  packet // the one that is told, kept so that none is allocated
	line    []byte
	tally   *tally
	broken  error // the first write that failed
}

func newTeller(o Options, stop context.CancelCauseFunc) *teller {
	out := bufio.NewWriterSize(o.Out, 1<<16)
	return &teller{options: o, stop: stop, out: out, json: json.NewEncoder(out), tally: newTally()}
}

// datagram tells of one that was delivered.
func (t *teller) datagram(d *receive.Datagram) {
	t.packet.decode(d)
	t.tally.count(&t.packet)
	t.tell()
}

// undelivered tells of a packet that never became a datagram.
func (t *teller) undelivered(number uint64, why receive.Refusal) {
	t.tally.undelivered(why)
	if t.options.Summary {
		return
	}
	t.packet = undelivered(number, why)
	t.tell()
}

func (t *teller) tell() {
	if t.broken != nil {
		return
	}
	var err error
	if t.options.JSON {
		err = t.json.Encode(newRecord(&t.packet))
	} else {
		t.line = appendLine(t.line[:0], &t.packet)
		_, err = t.out.Write(t.line)
	}
	if err != nil {
		t.broken = fmt.Errorf("write: %w", err)
		t.stop(t.broken)
	}
}

// finish writes the counts where they are wanted, and what is still buffered.
func (t *teller) finish(c receive.Counters) error {
	summary := t.tally.summary(c)
	switch {
	case t.options.Summary && t.options.JSON:
		return errors.Join(t.json.Encode(summary), t.out.Flush())
	case t.options.Summary:
		return errors.Join(summary.Print(t.out), t.out.Flush())
	case t.options.JSON:
		return t.out.Flush()
	}
	return errors.Join(t.out.Flush(), summary.Print(t.options.Notes))
}

// flushing shows what was found before it waits for more, so that the packets of a live capture do not lie in a buffer.
type flushing struct {
	in  io.Reader
	out *bufio.Writer
}

func (f flushing) Read(b []byte) (int, error) {
	if err := f.out.Flush(); err != nil {
		return 0, err
	}
	return f.in.Read(b)
}
