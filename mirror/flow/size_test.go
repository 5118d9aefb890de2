package flow

import (
	"testing"
	"unsafe"
)

// What every packet touches is whole cache lines, few of them.
func TestSizes(t *testing.T) {
	if n := unsafe.Sizeof(entry{}); n != 3*64 {
		t.Errorf("an entry has %d bytes", n)
	}
	if n := unsafe.Offsetof(Tracker{}.table) + unsafe.Offsetof(table{}.index); n%64 != 0 || unsafe.Offsetof(Tracker{}.totals)+16 != n+64 {
		t.Errorf("the line of a tracker begins at %d, and its totals at %d", n, unsafe.Offsetof(Tracker{}.totals))
	}
	if n := unsafe.Sizeof(near{}); n != 64 {
		t.Errorf("one direction has %d bytes", n)
	}
	if n := unsafe.Offsetof(Digest{}.scale); n != 64-8 {
		t.Errorf("what a packet that flows needs has %d bytes", n)
	}
	if n := unsafe.Sizeof(entry{}) + unsafe.Sizeof(details{}); n > 2048 {
		t.Errorf("a conversation has %d bytes", n)
	}
}
