package prefetch

import (
	"testing"
	"unsafe"
)

// Asking is harmless wherever it points: a processor does not fault on what it is asked for ahead.
func TestAskingIsHarmless(t *testing.T) {
	b := []byte{1, 2, 3}
	for _, p := range []unsafe.Pointer{unsafe.Pointer(&b[0]), unsafe.Pointer(&b[2]), nil} {
		Line(p)
		Lines(p)
	}
	if b[0] != 1 || b[1] != 2 || b[2] != 3 {
		t.Error("asking changed what was there")
	}
}
