package evidence

import (
	"iter"
	"maps"
)

// spaces are the sequence spaces of a view: those of each session, and the whole ones that they are in.
type spaces struct {
	list  []space          // those of sessions
	first map[string]int32 // by the UID of the session, which in list is its first, plus 1
	whole map[streamKey]streamView
}

// space is one of a session.
type space struct {
	key  streamKey
	view streamView
	next int32 // which in list is the next of the same session, plus 1
}

// newSpaces has room for so many, of so many sessions.
func newSpaces(n, sessions int) spaces {
	return spaces{list: make([]space, 0, n), first: make(map[string]int32, sessions), whole: make(map[streamKey]streamView)}
}

// add adds one that is not there yet.
func (s *spaces) add(k streamKey, v streamView) {
	if k.whole {
		s.whole[k] = v
		return
	}
	s.list = append(s.list, space{k, v, s.first[k.session]})
	s.first[k.session] = int32(len(s.list))
}

// of are those of a session.
func (s *spaces) of(uid string) iter.Seq2[streamKey, streamView] {
	return func(yield func(streamKey, streamView) bool) {
		for i := s.first[uid]; i != 0; i = s.list[i-1].next {
			if at := &s.list[i-1]; !yield(at.key, at.view) {
				return
			}
		}
	}
}

// all are those of sessions and the whole ones.
func (s *spaces) all() iter.Seq2[streamKey, streamView] {
	return func(yield func(streamKey, streamView) bool) {
		for i := range s.list {
			if !yield(s.list[i].key, s.list[i].view) {
				return
			}
		}
		maps.All(s.whole)(yield)
	}
}

// wholeOf is the whole that k is in.
func (s *spaces) wholeOf(k streamKey) streamView { return s.whole[k.wholeKey()] }

// mergeSpaces adds up those of several views.
func mergeSpaces(views []*View) spaces {
	sum := make(map[streamKey]streamView)
	for _, v := range views {
		for k, s := range v.spaces.all() {
			sum[k] = sum[k].join(s)
		}
	}
	merged := newSpaces(len(sum), 0)
	for k, s := range sum {
		merged.add(k, s)
	}
	return merged
}
