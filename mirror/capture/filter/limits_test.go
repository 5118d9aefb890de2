package filter

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

// many repeats part until the expression is as long as it may be.
func many(begin, part, end string) string {
	n := (MaxExpression - len(begin) - len(end)) / len(part)
	return begin + strings.Repeat(part, n) + end
}

// patience is far above what is needed, for busy machines and the race detector,
// and far below what a quadratic compiler would take.
const patience = 20 * time.Second

// The longest expressions are compiled or refused at once, and what is compiled
// runs in bounded time.
func TestLongExpressions(t *testing.T) {
	frames := generated()
	for name, expression := range map[string]string{
		"hosts":         many("host 10.0.0.1", " or 10.0.0.1", ""),
		"other hosts":   many("host 10.0.0.1", " or 10.0.9.9 or 10.0.8.8", ""),
		"ports":         many("port 1", " or 1", ""),
		"tcp ports":     many("tcp port 1", " or 2 or 33", ""),
		"conditions":    many("tcp", " and tcp or udp", ""),
		"IPv6":          many("host ::1", " or ::1 or 2001:db8::7", ""),
		"nots":          many("", "not ", "tcp"),
		"signs":         many("", "!", "tcp"),
		"open":          many("", "(", ""),
		"parentheses":   strings.Repeat("(", MaxExpression/2-2) + "tcp" + strings.Repeat(")", MaxExpression/2-2),
		"minus":         many("", "- ", "1 = 1"),
		"sum":           many("1 = 1", " + 1", ""),
		"sum of bytes":  many("1 = ip[0]", " + ip[0]", ""),
		"powers":        many("1 = ip[0]", " ^ ip[0]", ""),
		"indices":       many("", "ip[", ""),
		"deep nots":     many("", "not (", ""),
		"vlans":         many("vlan", " and vlan", ""),
		"vlan ports":    many("vlan", " or vlan or port 80 or 81", ""),
		"alternatives":  many("ip", " or ip[0] = 1 or ip[1] = 2", ""),
		"mixed":         many("ip", " and (ip[0] = 1 or udp or ip6[1] = 2) or tcp", ""),
		"colons":        many("", ":", ""),
		"digits":        many("", "1", ""),
		"dots":          many("host ", "1.", "1"),
		"dashes":        many("port ", "1-", "1"),
		"hex":           many("ether host ", "a:", "a"),
		"addresses":     many("", "1:2:3:4:5:6:7:8:", "1"),
		"words":         many("", "x", ""),
		"spaces":        many("", " ", ""),
		"escapes":       many("", `\`, ""),
		"directions":    many("src ", "or dst ", ""),
		"random memory": many("ether[len - 1]", " + ether[len - 2] = 5 or ether[len - 1]", " = 1"),
	} {
		begin := time.Now()
		f, err := Compile(expression)
		if took := time.Since(begin); took > patience {
			t.Errorf("%s: compiled in %v", name, took)
		}
		var refusal *Error
		if err != nil && (!errors.As(err, &refusal) || refusal.Offset > len(expression) || len(err.Error()) > 2000) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			t.Logf("%s: %s", name, refusal.Problem)
			continue
		}
		t.Logf("%s: %d tests, %d steps, compiled in %v", name, len(f.tests), len(f.steps), time.Since(begin))
		begin = time.Now()
		for _, p := range frames[:100] {
			f.Match(p.bytes, p.wireLen)
		}
		if took := time.Since(begin); took > patience {
			t.Errorf("%s: 100 frames in %v", name, took)
		}
	}
	if _, err := Compile(strings.Repeat(" ", MaxExpression+1)); err == nil {
		t.Error("a longer expression is compiled")
	}
}

func TestNothingAllocates(t *testing.T) {
	frames := generated()
	for _, expression := range expressions {
		f, err := Compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(1, func() { ours100(f, frames) }); n != 0 {
			t.Errorf("%q: %v allocations", expression, n)
		}
	}
}

func ours100(f *Filter, frames []packet) (taken int) {
	for _, p := range frames[:100] {
		if f.Match(p.bytes, p.wireLen) {
			taken++
		}
	}
	return taken
}

func TestConcurrentUse(t *testing.T) {
	f, err := Compile("ether[len - 1] >= 0 and (port 80 or ip[ip[0] & 0xf] > 0)")
	if err != nil {
		t.Fatal(err)
	}
	frames := generated()
	want := ours100(f, frames)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 20 {
				if got := ours100(f, frames); got != want {
					t.Errorf("%d frames match, then %d", want, got)
				}
			}
		})
	}
	wait.Wait()
}

func TestAll(t *testing.T) {
	for _, f := range []*Filter{All, {}} {
		if !f.Match(nil, 0) || !f.Match([]byte{1}, 1) || f.String() != "" {
			t.Errorf("%#v does not match everything", f)
		}
	}
	for _, expression := range []string{"", " ", "\t\r\n"} {
		f, err := Compile(expression)
		if err != nil || !f.Match(nil, 0) || f.String() != expression {
			t.Errorf("%q: %v %v", expression, f, err)
		}
	}
	if f, err := Compile("ip"); err != nil || f.Match(nil, 0) || f.Match(make([]byte, 60), -1) {
		t.Errorf("ip matches nothing: %v", err)
	}
}
