// Package recorded reads mirrored frames out of a capture file, for who looks at conversations without a daemon.
package recorded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/receive"
)

// File is a capture file, pcap or pcapng, plain or gzipped: of mirror packets, or of frames as they are.
type File struct {
	Path  string    // "-": Stdin
	Stdin io.Reader // read when Path is "-"
}

// Read hands each frame of the file to take, which must not keep it. A file among whose first packets is a mirror packet is one of
// mirrors: those are unwrapped, and nothing else in it counts. Of every other file the frames are taken as they are. What a file that
// breaks off has is handed over; then the error names the packet.
func (f File) Read(ctx context.Context, take func(*flow.Packet)) (err error) {
	in := f.Stdin
	if f.Path != "-" {
		opened, err := os.Open(f.Path)
		if err != nil {
			return fmt.Errorf("open the capture file: %w", err)
		}
		defer func() { _ = opened.Close() }() // it was only read
		in = opened
	}
	head := make([]byte, headLen)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read the capture file %q: %w", f.Path, err)
	}
	head = head[:n]
	whole := io.MultiReader(bytes.NewReader(head), in)
	if mirrors(ctx, head) {
		return f.unwrap(ctx, whole, take)
	}
	return f.plain(ctx, whole, take)
}

// headLen is how much of a file is looked at to see what it is a capture of.
const headLen = 4 << 20

var errFound = errors.New("found")

// mirrors reports whether there is a mirror packet in the beginning of a file. What is wrong with the file shows when it is read.
func mirrors(ctx context.Context, head []byte) bool {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	found := false
	file := receive.NewFile(receive.FileOptions{Path: "-", Reader: bytes.NewReader(head)})
	_ = file.Run(ctx, receive.Each(func(d *receive.Datagram) {
		if p, err := erspan.Decapsulate(d.Payload); err == nil && plausible(p) {
			found = true
			stop(errFound)
		}
	}))
	return found
}
