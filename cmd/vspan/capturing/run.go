package capturing

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// Counts is what has come so far. It may be read while Copy or Print runs.
type Counts struct {
	Packets atomic.Uint64
	Bytes   atomic.Uint64 // as they were before they were cut
	Lost    atomic.Uint64 // that the file tells of
}

func (c *Counts) add(p *Part) {
	if p.Packet {
		c.Packets.Add(1)
		c.Bytes.Add(uint64(p.Length))
		c.Lost.Add(p.Dropped)
	}
}

// ErrReaderGone is returned where nobody reads any more what is written.
var ErrReaderGone = errors.New("nobody reads what is captured any more")

// Copy hands the capture file on as it comes, in whole parts, until it ends, and makes it complete if it was interrupted: by ctx, which ends
// the input too, or by a daemon that is gone. The error is that of the input, nil at its end and when ctx has ended; ErrReaderGone; or that
// of writing.
func Copy(ctx context.Context, out io.Writer, in io.Reader, counts *Counts) error {
	return handOn(ctx, NewScanner(in), newSink(out), counts)
}

// CopyToLeaver is Copy for a reader that may leave at any time, without a word: what it has read is complete at most interval after its
// newest packet: the statistics so far are written again and again.
func CopyToLeaver(ctx context.Context, out io.Writer, in io.Reader, counts *Counts, interval time.Duration) error {
	k := newSink(out)
	done := make(chan struct{})
	ctx, stop := context.WithCancel(ctx)
	go func() {
		defer close(done)
		k.tellEach(ctx, interval)
	}()
	defer func() { stop(); <-done }()
	return handOn(ctx, NewScanner(in), k, counts)
}

func handOn(ctx context.Context, s *Scanner, k *sink, counts *Counts) error {
	err := each(s, counts, k, func(p *Part) error { return k.part(s, p) })
	if errors.Is(err, ErrReaderGone) || isWriting(err) {
		return err
	}
	interrupted := ctx.Err() != nil
	why := "the daemon was gone before the capture ended"
	if interrupted {
		why = "interrupted by the one who captured"
	}
	if e := k.complete(s, why); e != nil {
		return e
	}
	if interrupted {
		return nil
	}
	return err
}

// Print prints each packet as a line as it comes, and each comment on it before it: see Copy.
func Print(ctx context.Context, out io.Writer, in io.Reader, counts *Counts) error {
	s := NewScanner(in)
	w := bufio.NewWriterSize(out, 64<<10)
	var line []byte
	err := each(s, counts, w, func(p *Part) error {
		if !p.Packet {
			return nil
		}
		line = line[:0]
		for _, text := range p.Comments() {
			line = append(append(append(line, "-- "...), printable(text)...), '\n')
		}
		link, way := s.Link, ""
		if !s.pcap {
			link, way = s.Interfaces[p.Interface].Link, s.way(p.Interface)
		}
		return written(w.Write(AppendLine(line, p, link, way)))
	})
	if ctx.Err() != nil && !errors.Is(err, ErrReaderGone) && !isWriting(err) {
		return written(0, w.Flush())
	}
	return err
}

// flusher is what keeps what it is given until it is flushed.
type flusher interface{ Flush() error }

// each gives the parts to take, and flushes w before it waits for more.
func each(s *Scanner, counts *Counts, w flusher, take func(*Part) error) error {
	for {
		p, err := s.Next()
		if err != nil {
			if e := written(0, w.Flush()); e != nil {
				return e
			}
			if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return fmt.Errorf("it was cut off: %w", err)
		}
		counts.add(p)
		if err := take(p); err != nil {
			return err
		}
		if !s.More() {
			if err := written(0, w.Flush()); err != nil {
				return err
			}
		}
	}
}

// writingError is an error of writing.
type writingError struct{ error }

func (e writingError) Unwrap() error { return e.error }

func isWriting(err error) bool {
	var w writingError
	return errors.As(err, &w)
}

// written is the error of a write, as those who read it tell it from one of reading.
func written(_ int, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EPIPE):
		return ErrReaderGone
	default:
		return writingError{fmt.Errorf("write what is captured: %w", err)}
	}
}

// way is where a packet of an interface came from: the direction alone where there is one NIC, the name of the interface where there are more.
func (s *Scanner) way(number int) string {
	name := s.Interfaces[number].Name
	if len(s.Interfaces) > 2 {
		return printable(name)
	}
	for _, way := range []string{"from-vm", "to-vm"} {
		if strings.HasSuffix(name, " "+way) {
			return way
		}
	}
	return ""
}

// printable is text without anything that could move a terminal's cursor.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F || r >= 0x80 && r < 0xA0 {
			return '?'
		}
		return r
	}, text)
}
