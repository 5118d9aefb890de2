package demo

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// narrator tells what happens, for a person who watches a terminal.
type narrator struct {
	mu    sync.Mutex
	w     io.Writer
	start time.Time
	step  int
}

// title begins a step.
func (n *narrator) title(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.step++
	fmt.Fprintf(n.w, "\n%d. %s\n", n.step, fmt.Sprintf(format, args...))
}

// say tells a thing that happened, with the seconds since the start.
func (n *narrator) say(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintf(n.w, "   %5.1fs  %s\n", time.Since(n.start).Seconds(), fmt.Sprintf(format, args...))
}

// show prints lines as they are, indented.
func (n *narrator) show(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		fmt.Fprintf(n.w, "           %s\n", line)
	}
}
