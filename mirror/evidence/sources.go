package evidence

import "maps"

// sources are the tallies of a session's sources, by the keys of their ports.
type sources struct {
	list []sourceTally
	at   map[string]int32 // shared with copies: it is not written once it is used
}

// newSources has one for each of the keys, with what was counted of it before.
func newSources(of []ExpectedSource, before *sources) sources {
	s := sources{make([]sourceTally, 0, len(of)), make(map[string]int32, len(of))}
	for i := range of {
		key := of[i].PortKey
		if _, there := s.at[key]; there {
			continue
		}
		s.at[key] = int32(len(s.list))
		if kept := before.of(key); kept != nil {
			s.list = append(s.list, *kept)
		} else {
			s.list = append(s.list, sourceTally{})
		}
	}
	return s
}

// of is the tally of a port; nil when it is no source's.
func (s *sources) of(key string) *sourceTally {
	if i, ok := s.at[key]; ok {
		return &s.list[i]
	}
	return nil
}

// join adds what another ledger counted.
func (s *sources) join(o *sources) {
	for key, i := range o.at {
		have := s.of(key)
		if have == nil {
			s.at = maps.Clone(s.at)
			s.at[key] = int32(len(s.list))
			s.list = append(s.list, sourceTally{})
			have = s.of(key)
		}
		have.join(&o.list[i])
	}
}

// join adds what another ledger counted for the same source.
func (s *sourceTally) join(o *sourceTally) {
	s.direct, s.possible = s.direct.add(o.direct), s.possible.add(o.possible)
	s.odd, s.unlisted = s.odd+o.odd, s.unlisted+o.unlisted
	s.last = later(s.last, o.last)
	s.loops += o.loops
	s.from.join(&o.from)
	s.to.join(&o.to)
}
