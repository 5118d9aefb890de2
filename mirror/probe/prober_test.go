package probe

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
)

// silent is a network of guests that may answer, and of which nothing is mirrored.
type silent struct{ answers bool }

func (s silent) Open(_ Method, to Guest) (Line, error) {
	if !to.Address.Is4() {
		return nil, errors.New("no route")
	}
	return &silentLine{s, make(chan Nonce, 16)}, nil
}

type silentLine struct {
	silent
	came chan Nonce
}

func (l *silentLine) Send(n Nonce, _ uint16) error {
	if l.answers {
		l.came <- n
	}
	return nil
}

func (l *silentLine) Receive(ctx context.Context) (Nonce, error) {
	select {
	case n := <-l.came:
		return n, nil
	case <-ctx.Done():
		return Nonce{}, ctx.Err()
	}
}

func (l *silentLine) Close() error { return nil }

// TestAbsenceMeansOnlyWhatItCan: a copy that does not come is a broken mirror only where nothing else may have kept it back.
func TestAbsenceMeansOnlyWhatItCan(t *testing.T) {
	for name, c := range map[string]struct {
		answers bool
		change  func(*Question)
		dropped bool
		want    mirror.ProbeResult
		says    string
	}{
		"answered":             {answers: true, want: mirror.ProbeMissing, says: "the mirror is broken, unless that address is another machine's"},
		"not answered":         {want: mirror.ProbeOpen, says: "cannot be reached from here, which proves nothing"},
		"sampled":              {answers: true, change: func(q *Question) { q.Sampling = 10 }, says: "one of several"},
		"cut":                  {answers: true, change: func(q *Question) { q.SnapLength = 60 }, says: "snap length"},
		"dropped":              {answers: true, dropped: true, says: "the receiver dropped packets"},
		"an answer with none":  {answers: true, change: func(q *Question) { q.Method, q.Targets[0].Direction = ARP, mirror.FromVM }, says: "bears no nonce"},
		"no address":           {change: func(q *Question) { q.Targets[0].Addresses, q.Targets[0].Unknown = nil, "nobody knows" }, says: "nobody knows"},
		"an address of no use": {change: func(q *Question) { q.Targets[0].Addresses = []netip.Addr{guest6} }, says: "no route"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			drops := uint64(0)
			p := New(Options{Broker: capture.NewBroker(), Network: silent{c.answers}, Settle: time.Millisecond, Dropped: func() uint64 {
				if c.dropped {
					drops++
				}
				return drops
			}})
			q := Question{UID: "s", Timeout: time.Second, Targets: []Target{{PortKey: "7", Label: "web-01", Addresses: []netip.Addr{guest4}}}}
			if c.change != nil {
				c.change(&q)
			}
			got := p.Ask(t.Context(), q)
			if len(got) != 1 || got[0].Result != c.want || !strings.Contains(got[0].Message, c.says) {
				t.Errorf("%+v, want %s and %q", got, c.want, c.says)
			}
		})
	}
}

// TestAskEndsWithItsContext, and says what came until then.
func TestAskEndsWithItsContext(t *testing.T) {
	p := New(Options{Broker: capture.NewBroker(), Network: silent{}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := p.Ask(ctx, Question{UID: "s", Timeout: MaxTimeout, Targets: make([]Target, MaxTargets+1)})
	if len(got) != MaxTargets+1 || got[0].Result != mirror.ProbeOpen || !strings.Contains(got[MaxTargets].Message, "at most") {
		t.Errorf("%+v", got)
	}
}
