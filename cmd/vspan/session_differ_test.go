package main

import (
	"slices"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
)

func TestDiffering(t *testing.T) {
	web := func(change func(*wire.Session)) wire.Session {
		s := wire.Session{Name: "web-01", Spec: wire.Spec{Sources: []wire.Source{{VM: "web-01"}}, ExpiresIn: "1h", Sampling: 1}}
		change(&s)
		return s
	}
	for _, test := range []struct {
		change func(*wire.Session)
		want   []string
	}{
		{func(*wire.Session) {}, nil},
		{func(s *wire.Session) { s.Revision, s.Labels = 7, map[string]string{} }, nil},
		{func(s *wire.Session) { s.Spec.ExpiresIn = "2h" }, []string{"expiresIn"}},
		{func(s *wire.Session) {
			s.Spec.Sources[0].NIC, s.Labels = "Network adapter 1", map[string]string{"a": "b"}
		}, []string{"labels", "sources"}},
		{func(s *wire.Session) { on := true; s.Spec.Enabled = &on }, []string{"enabled"}},
	} {
		a, b := web(func(*wire.Session) {}), web(test.change)
		if got := differing(a, b); !slices.Equal(got, test.want) {
			t.Errorf("differing in %q, want %q", got, test.want)
		}
		if got := differing(b, a); !slices.Equal(got, test.want) {
			t.Errorf("the other way round differing in %q, want %q", got, test.want)
		}
	}
}
