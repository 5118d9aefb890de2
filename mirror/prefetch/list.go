package prefetch

// ListLen is how many addresses a List has.
const ListLen = 16

// List are addresses of memory that will be needed. Nothing is kept alive by being in one.
type List [ListLen]uintptr
