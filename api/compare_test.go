package api

import (
	"net/netip"

	"github.com/google/go-cmp/cmp"
)

// comparers let cmp look at what has unexported fields.
var comparers = cmp.Options{cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}
