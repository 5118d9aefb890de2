package transcript

import "slices"

// ring keeps the newest of what is added.
type ring[T any] struct {
	list []T
	next int // where the next one goes, once list is full
}

func (r *ring[T]) add(v T, limit int) {
	if len(r.list) < limit {
		r.list = append(r.list, v)
		return
	}
	r.list[r.next] = v
	r.next = (r.next + 1) % limit
}

// all returns what is kept, the oldest first.
func (r *ring[T]) all() []T { return slices.Concat(r.list[r.next:], r.list[:r.next]) }
