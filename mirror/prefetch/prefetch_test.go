package prefetch

import (
	"testing"
	"unsafe"
)

// Asking is harmless wherever it points, and however much is asked for: a processor does not fault on what it is asked for ahead.
func TestAskingIsHarmless(t *testing.T) {
	b := []byte{1, 2, 3}
	for _, p := range []unsafe.Pointer{unsafe.Pointer(&b[0]), unsafe.Pointer(&b[2]), nil} {
		Lines(p)
		Both(p, nil)
	}
	list := List{0, uintptr(unsafe.Pointer(&b[0])), ^uintptr(0), 1}
	before := list
	for _, n := range []int{-1, 0, 1, ListLen, ListLen + 1, 1 << 60} {
		One(&list, n)
		Two(&list, n)
	}
	if b[0] != 1 || b[1] != 2 || b[2] != 3 || list != before {
		t.Error("asking changed what was there")
	}
}
