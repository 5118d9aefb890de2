package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/cmd/vspan/capturing"
)

// progress says how a capture goes: on a terminal in one line that is written over, and at the end in a sentence.
type progress struct {
	counts capturing.Counts
	out    io.Writer
	quiet  bool
	began  time.Time
	stop   chan struct{}
	done   chan struct{} // closed when the line is gone
}

// newProgress begins to say how it goes; live says that nothing else is on the terminal. It must be ended.
func newProgress(out io.Writer, quiet, live bool) *progress {
	p := &progress{out: out, quiet: quiet, began: time.Now(), stop: make(chan struct{}), done: make(chan struct{})}
	if screen, ok := out.(*os.File); quiet || !live || !ok || !isScreen(screen) {
		close(p.done)
		return p
	}
	go p.show()
	return p
}

func (p *progress) show() {
	defer close(p.done)
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		fmt.Fprintf(p.out, "\r\x1b[K%s", p.sentence())
		select {
		case <-p.stop:
			fmt.Fprint(p.out, "\r\x1b[K")
			return
		case <-tick.C:
		}
	}
}

func (p *progress) sentence() string {
	return fmt.Sprintf("%d packets, %s, %d lost, in %s",
		p.counts.Packets.Load(), size(p.counts.Bytes.Load()), p.counts.Lost.Load(), time.Since(p.began).Round(100*time.Millisecond))
}

// end says how it went, and why it ended.
func (p *progress) end(ctx context.Context, in *client.PacketStream, err error) {
	close(p.stop)
	<-p.done
	if p.quiet {
		return
	}
	if lost := in.Lost(); lost > p.counts.Lost.Load() {
		p.counts.Lost.Store(lost) // the file tells of what was lost before a packet that is in it
	}
	why := ""
	switch {
	case ctx.Err() != nil:
	case err == nil && in.Ended() != "":
		why = ": " + printable(in.Ended())
	}
	fmt.Fprintln(p.out, p.sentence()+why)
}
