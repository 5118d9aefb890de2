package faultproxy

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func someProxy(t *testing.T, seed uint64) *Proxy {
	t.Helper()
	p, err := New(Options{
		Upstream: &url.URL{Scheme: "https", Host: "127.0.0.1:1"}, Thumbprint: "AA", Rand: rand.New(rand.NewPCG(seed, 0)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRules(t *testing.T) {
	t.Parallel()
	p := someProxy(t, 1)
	inject := func(r Rule) *Injection {
		i, err := p.Inject(r)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	first := inject(Rule{Method: "a", Fault: Reset, Skip: 2, Count: 2})
	second := inject(Rule{Fault: Stall, Count: 2})
	slow := inject(Rule{Method: "a", Fault: DelayReply, Wait: time.Second})
	var got []string
	for _, method := range []string{"a", "b", "a", "a", "a", "a"} {
		f := p.rules.decide(method)
		name := "through"
		if f.rule.Fault != 0 {
			name = f.rule.Fault.String()
		}
		if (f.after == time.Second) != (method == "a") || f.through() != (name == "through" && f.after == 0) {
			t.Errorf("%s: %+v", method, f)
		}
		got = append(got, name)
	}
	if want := []string{"stall", "stall", "through", "reset", "reset", "through"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if first.Fired() != 2 || second.Fired() != 2 || slow.Fired() != 5 {
		t.Errorf("fired %d, %d, %d times", first.Fired(), second.Fired(), slow.Fired())
	}
	slow.Remove()
	slow.Remove() // once more does nothing
	if f := p.rules.decide("a"); !f.through() {
		t.Errorf("a removed rule fires: %+v", f)
	}
	inject(Rule{Fault: Reset})
	p.Clear()
	if f := p.rules.decide("a"); !f.through() || slow.Fired() != 5 {
		t.Errorf("a removed rule fires: %+v", f)
	}
}

// The same seed decides the same, and about as often as was said.
func TestProbability(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64) (fired []bool, n int) {
		p := someProxy(t, seed)
		i, err := p.Inject(Rule{Fault: Reset, Probability: 0.25})
		if err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			fired = append(fired, !p.rules.decide("x").through())
		}
		return fired, i.Fired()
	}
	one, n := draw(1)
	again, _ := draw(1)
	other, _ := draw(2)
	if !slices.Equal(one, again) || slices.Equal(one, other) || n < 200 || n > 300 {
		t.Errorf("fired %d times of 1000 at a quarter", n)
	}
}

func TestRulesThatCannotBe(t *testing.T) {
	t.Parallel()
	p := someProxy(t, 1)
	for _, r := range []Rule{
		{}, {Fault: 99}, {Fault: Reset, Skip: -1}, {Fault: Reset, Count: -1}, {Fault: Reset, Probability: 1.5}, {Fault: Reset, Probability: -1},
		{Fault: DelayReply}, {Fault: DelayRequest, Wait: 2 * maxWait}, {Fault: Status}, {Fault: Status, Status: http.StatusOK}, {Fault: CutReply, Keep: -1},
	} {
		if _, err := p.Inject(r); err == nil || !strings.Contains(err.Error(), "fault proxy") {
			t.Errorf("%+v: got %v", r, err)
		}
	}
	p.rules.rand = nil
	if _, err := p.Inject(Rule{Fault: Reset, Probability: 0.5}); err == nil {
		t.Error("a probability without a source of numbers")
	}
}

func TestRulesFromManySides(t *testing.T) {
	t.Parallel()
	p := someProxy(t, 1)
	var sides sync.WaitGroup
	for range 8 {
		sides.Go(func() {
			for range 200 {
				i, err := p.Inject(Rule{Fault: Reset, Probability: 0.5})
				if err != nil {
					t.Error(err)
					return
				}
				p.rules.decide("x")
				i.Fired()
				i.Remove()
			}
		})
	}
	sides.Wait()
	if len(p.rules.list) != 0 {
		t.Errorf("%d rules are left", len(p.rules.list))
	}
}

func TestSOAPMethod(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		envelope("RetrievePropertiesEx"): "RetrievePropertiesEx",
		`<Envelope><Header><Body><x/></Body></Header><Body><vim:Login/></Body></Envelope>`: "Login",
		`<E><Body>text</Body><Other><x/></Other></E>`:                                      "",
		"": "", "{}": "", "<E>": "", "<Body><a/></Body>": "", "</x>": "", "\xff": "",
		"<E><Body><" + strings.Repeat("m", maxMethod+1) + "/></Body></E>": "",
	} {
		if got := soapMethod([]byte(body)); got != want {
			t.Errorf("%.80q: got %q, want %q", body, got, want)
		}
	}
}

func FuzzSOAPMethod(f *testing.F) {
	f.Add([]byte(envelope("Login")))
	f.Add([]byte("</x></x><a><Body><b>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if got := soapMethod(body); len(got) > maxMethod {
			t.Errorf("a name of %d bytes", len(got))
		}
	})
}
