package daemon

import (
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
)

func TestRateOfStrangers(t *testing.T) {
	key := evidence.UnclaimedKey{Exporter: netip.MustParseAddr("192.0.2.1"), Type: erspan.Bridging}
	s, start := newStrangers(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 20 {
		s.note(&evidence.View{Unclaimed: []evidence.Unclaimed{{UnclaimedKey: key, Packets: uint64(i * i)}}}, nil, nil, start.Add(time.Duration(i)*time.Second))
	}
	if got, want := s.rate(key), float64(19*19-14*14)/5; got != want {
		t.Errorf("%v a second, want %v", got, want)
	}
	if len(s.ticks) != 6 || s.rate(evidence.UnclaimedKey{}) != 0 {
		t.Errorf("%d ticks are kept, and nothing comes at %v", len(s.ticks), s.rate(evidence.UnclaimedKey{}))
	}
	s.note(&evidence.View{}, nil, nil, start)
	if s.rate(key) != 0 {
		t.Error("a clock that went back makes a rate")
	}
}

func TestSessionsThatEndedAreRemembered(t *testing.T) {
	s, now := newStrangers(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 2 * mostGone {
		uid := strconv.Itoa(i)
		s.note(&evidence.View{}, []mirror.Session{{UID: uid, Name: "s" + uid}}, evidence.NewTable([]evidence.Expectation{{UID: uid, ID: 5}}), now)
		s.note(&evidence.View{}, nil, evidence.NewTable(nil), now)
	}
	gone := s.ended()
	if last := gone[len(gone)-1]; len(gone) != mostGone || last.Name != "s511" || last.Expectation.ID != 5 || !last.At.Equal(now) || len(s.known) != 0 {
		t.Errorf("%d are remembered, the last one %+v, %d are known", len(gone), last, len(s.known))
	}
	s.note(&evidence.View{}, nil, nil, now.Add(goneTime+time.Second))
	if len(s.ended()) != 0 {
		t.Error("they are remembered for ever")
	}
}
