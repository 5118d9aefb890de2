package vcsimtests

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// query is a PromQL expression as far as it names what there is: metrics, and labels. What it knows of the language is what our rules and
// dashboards use; anything else it refuses.
type query struct {
	selectors []selector
	labels    []string // that series are grouped or joined by
}

// selector is a metric with what its labels have to be.
type selector struct {
	metric   string
	matchers []matcher
	function string // that it is directly in; "" for none
}

type matcher struct{ label, operator, value string }

var token = regexp.MustCompile(`^(?:[a-zA-Z_:][a-zA-Z0-9_:]*|"(?:[^"\\]|\\.)*"|[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d)?|=~|!~|!=|==|>=|<=|[-+*/%^><=(){}\[\],])`)

var (
	functions  = []string{"rate", "increase", "delta", "histogram_quantile", "time", "clamp_min"}
	aggregates = []string{"sum", "min", "max", "count", "avg"}
	groupings  = []string{"by", "without", "on", "ignoring", "group_left", "group_right"}
	operators  = []string{"and", "or", "unless", "bool"}
)

// parseQuery reads an expression.
func parseQuery(text string) (q query, err error) {
	p := &queryParser{}
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		t := token.FindString(rest)
		if t == "" {
			return q, fmt.Errorf("%.20q is nothing that is known", rest)
		}
		p.tokens, rest = append(p.tokens, t), rest[len(t):]
	}
	defer func() {
		if r := recover(); r != nil {
			refused, ok := r.(refusedQuery)
			if !ok {
				panic(r)
			}
			err = refused
		}
	}()
	p.all()
	return p.query, nil
}

type refusedQuery string

func (r refusedQuery) Error() string { return string(r) }

type queryParser struct {
	tokens []string
	at     int
	called []string // functions whose parentheses are open
	query  query
}

func (p *queryParser) peek() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return ""
}

func (p *queryParser) next() string {
	t := p.peek()
	p.at++
	return t
}

func (p *queryParser) expect(want string) {
	if got := p.next(); got != want {
		panic(refusedQuery(fmt.Sprintf("%q where %q belongs", got, want)))
	}
}

func (p *queryParser) all() {
	for p.peek() != "" {
		switch t := p.next(); {
		case t == "(":
			p.called = append(p.called, "")
		case t == ")":
			if len(p.called) == 0 {
				panic(refusedQuery("a parenthesis too many"))
			}
			p.called = p.called[:len(p.called)-1]
		case slices.Contains(groupings, t):
			p.query.labels = append(p.query.labels, p.names()...)
		case slices.Contains(functions, t):
			p.expect("(")
			p.called = append(p.called, t)
		case slices.Contains(aggregates, t):
			if p.peek() != "(" && p.peek() != "by" && p.peek() != "without" {
				panic(refusedQuery(t + " of nothing"))
			}
		case slices.Contains(operators, t):
		case isName(t):
			p.metric(t)
		case strings.ContainsAny(t[:1], "{}[]\"="):
			if t != "==" {
				panic(refusedQuery(t + " where it does not belong"))
			}
		}
	}
	if len(p.called) > 0 {
		panic(refusedQuery("a parenthesis too few"))
	}
}

func isName(t string) bool {
	return t != "" && (t[0] == '_' || t[0] >= 'a' && t[0] <= 'z' || t[0] >= 'A' && t[0] <= 'Z')
}

// names reads a list of labels in parentheses.
func (p *queryParser) names() (list []string) {
	p.expect("(")
	for p.peek() != ")" {
		if len(list) > 0 {
			p.expect(",")
		}
		if !isName(p.peek()) {
			panic(refusedQuery(fmt.Sprintf("%q where a label belongs", p.peek())))
		}
		list = append(list, p.next())
	}
	p.next()
	return list
}

func (p *queryParser) metric(name string) {
	s := selector{metric: name}
	if len(p.called) > 0 {
		s.function = p.called[len(p.called)-1]
	}
	if p.peek() == "{" {
		p.next()
		for p.peek() != "}" {
			if len(s.matchers) > 0 {
				p.expect(",")
			}
			m := matcher{label: p.next(), operator: p.next(), value: strings.Trim(p.next(), `"`)}
			if !isName(m.label) || !slices.Contains([]string{"=", "!=", "=~", "!~"}, m.operator) {
				panic(refusedQuery(fmt.Sprintf("the matcher %+v", m)))
			}
			s.matchers = append(s.matchers, m)
		}
		p.next()
	}
	if p.peek() == "[" {
		p.next()
		p.next()
		p.expect("]")
	} else if slices.Contains([]string{"rate", "increase", "delta"}, s.function) {
		panic(refusedQuery(s.function + " of " + name + " without a time"))
	}
	p.query.selectors = append(p.query.selectors, s)
}

// series are what /metrics shows: by the name of a metric its type and the labels of each of its series.
type series struct {
	types  map[string]string
	labels map[string][]map[string]string
}

var (
	sample = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? \S+$`)
	label  = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"`)
)

// parseSeries reads the text format.
func parseSeries(t *testing.T, text string) series {
	t.Helper()
	s := series{types: make(map[string]string), labels: make(map[string][]map[string]string)}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if words := strings.Fields(line); len(words) == 4 && words[1] == "TYPE" {
			s.types[words[2]] = words[3]
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		m := sample.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("a line of /metrics that cannot be read: %q", line)
		}
		labels := make(map[string]string)
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			labels[l[1]] = l[2]
		}
		s.labels[m[1]] = append(s.labels[m[1]], labels)
	}
	return s
}

// kind is the type of a metric, of which a histogram has several.
func (s series) kind(metric string) string {
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		if base, ok := strings.CutSuffix(metric, suffix); ok && s.types[base] == "histogram" {
			return "counter"
		}
	}
	return s.types[metric]
}

// attached are labels that Prometheus attaches to what it scrapes.
var attached = []string{"job", "instance"}

// check returns what a query names and there is not.
func (s series) check(q query) (problems []string) {
	for _, x := range q.selectors {
		if x.metric == "up" { // of Prometheus itself
			continue
		}
		all := s.labels[x.metric]
		if len(all) == 0 {
			problems = append(problems, "there is no metric "+x.metric)
			continue
		}
		switch kind := s.kind(x.metric); {
		case (x.function == "rate" || x.function == "increase") && kind != "counter", x.function == "delta" && kind != "gauge":
			problems = append(problems, fmt.Sprintf("%s of %s, which is a %s", x.function, x.metric, kind))
		}
		for _, m := range x.matchers {
			if !slices.Contains(attached, m.label) && !fits(all, m) {
				problems = append(problems, fmt.Sprintf("no series of %s has %s%s%q", x.metric, m.label, m.operator, m.value))
			}
		}
	}
	for _, name := range q.labels {
		if slices.Contains(attached, name) {
			continue
		}
		for _, x := range q.selectors {
			if !fits(s.labels[x.metric], matcher{name, "=~", ".*"}) {
				problems = append(problems, fmt.Sprintf("no series of %s has the label %s", x.metric, name))
			}
		}
	}
	return problems
}

// fits reports whether a series has the label, and as the matcher wants it.
func fits(all []map[string]string, m matcher) bool {
	if strings.HasPrefix(m.value, "$") { // chosen by whoever looks at a dashboard
		m.operator, m.value = "=~", ".*"
	}
	return slices.ContainsFunc(all, func(labels map[string]string) bool {
		value, there := labels[m.label]
		if !there {
			return false
		}
		if m.operator == "=" {
			return value == m.value
		}
		if m.operator == "=~" {
			return regexp.MustCompile(`^(?:` + m.value + `)$`).MatchString(value)
		}
		return true
	})
}

func TestQueryIsRead(t *testing.T) {
	q, err := parseQuery(`sum by (a, b) (rate(x_total{l="v", k=~"$w"}[5m])) > 0 and on (c) y == 1.5`)
	if err != nil || len(q.selectors) != 2 || !slices.Equal(q.labels, []string{"a", "b", "c"}) || q.selectors[0].function != "rate" ||
		!slices.Equal(q.selectors[0].matchers, []matcher{{"l", "=", "v"}, {"k", "=~", "$w"}}) || q.selectors[1].metric != "y" {
		t.Errorf("%+v, %v", q, err)
	}
	for _, wrong := range []string{"sum(x", "x)", "rate(x)", "x{", "x{a}", "x{a=}", "sum by a (x)", "frob ~ x", `"x"`, "x[5m", "sum", "by (1)", "x;y"} {
		if q, err := parseQuery(wrong); err == nil {
			t.Errorf("%q was read as %+v", wrong, q)
		}
	}
}

func TestQueryIsChecked(t *testing.T) {
	s := parseSeries(t, "# TYPE x_total counter\nx_total{l=\"v\"} 1\n# TYPE g gauge\ng 2\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_count 1\nh_sum 2\n")
	for text, want := range map[string]int{
		`rate(x_total[5m])`: 0, `x_total{l="v"}`: 0, `x_total{l="w"}`: 1, `x_total{m="v"}`: 1, `y`: 1, `rate(g[5m])`: 1, `delta(x_total[5m])`: 1, `x_total{l=~"w|v"}`: 0,
		`sum by (l) (x_total)`: 0, `sum by (m) (x_total)`: 1, `sum by (job) (g{instance="i"})`: 0, `histogram_quantile(0.5, sum by (le) (rate(h_bucket[5m])))`: 0, `x_total{l="$any"}`: 0,
		`g{l="$any"}`: 1,
	} {
		q, err := parseQuery(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if problems := s.check(q); len(problems) != want {
			t.Errorf("%s: %v", text, problems)
		}
	}
}
