package vcsimtests

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scenario is one file of scenarios/: what is mirrored, what happens, and what is to be said of it. See scenarios/README.md.
type scenario struct {
	name           string
	encapsulations []string
	hosts, vms     int
	sources        []sourceAsked
	snap, sampling int
	pace           time.Duration // of the VMs' talk: what they say in one step each
	destination    string        // somebody else's collector; "": our receiver
	life           string        // of the session; "": the server's default
	first          []event
	never          []string // states that must not be given, not even for a moment
	steps          []step
}

// sourceAsked is a VM in a direction, or the vmkernel port of a host.
type sourceAsked struct{ vm, direction, vmkernelOf string }

// event is something that happens: a word and what it is done with.
type event struct {
	line int
	verb string
	args []string
}

// step is what happens at a time, and what is wanted from then on.
type step struct {
	at        time.Duration // since the session was asked for; later if what was wanted before is not there yet
	events    []event
	wants     []want
	meanwhile []string // states that may be given on the way to the wanted ones, beside those before, pending and unknown
	diagnoses []diagnosisWanted
	counted   []string // fields of the evidence that must not be zero
	hold      time.Duration
}

// want is the verdict wanted of the session or of one source.
type want struct {
	who      string // "session", "sources", or a VM
	verdicts []said
	within   time.Duration // of the event
	notYet   bool          // the file says that it is not given yet
}

// said is a verdict without its sentence.
type said struct{ State, Reason string }

func (g said) String() string { return strings.TrimSpace(g.State + " " + g.Reason) }

type diagnosisWanted struct {
	code   string
	notYet bool // the file says that it is not given yet
}

const (
	defaultWithin = 20 * time.Second // the goals are 2 s for delivering and 15 s for lost; a test must not fail where the cores are taken
	defaultHold   = 4 * time.Second
	notYetMark    = "# wanted, not yet given"
	nothingSaid   = "- -" // of a source that is none any more
)

// readScenarios reads every file.
func readScenarios(t *testing.T) (list []scenario) {
	t.Helper()
	files, err := filepath.Glob("scenarios/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := parseScenario(strings.TrimSuffix(filepath.Base(file), ".txt"), string(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		list = append(list, s)
	}
	return list
}

// parseScenario reads a file.
func parseScenario(name, text string) (scenario, error) {
	s := scenario{name: name, hosts: 2, vms: 4, pace: 40 * time.Millisecond}
	number := 0
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		number++
		line := strings.TrimSpace(lines.Text())
		notYet := strings.HasSuffix(line, notYetMark)
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if err := s.take(number, words[0], words[1:], notYet); err != nil {
			return s, fmt.Errorf("line %d: %w", number, err)
		}
	}
	return s, s.check()
}

func (s *scenario) check() error {
	switch {
	case len(s.encapsulations) == 0:
		return fmt.Errorf("no encapsulation")
	case len(s.sources) == 0:
		return fmt.Errorf("nothing is mirrored")
	case len(s.steps) == 0 || len(s.steps[0].wants) == 0:
		return fmt.Errorf("nothing is wanted")
	case s.steps[0].events[0].verb != "ask":
		return fmt.Errorf("the session is to be asked for first")
	}
	return nil
}

// take takes one line.
func (s *scenario) take(number int, word string, rest []string, notYet bool) (err error) {
	if len(rest) == 0 {
		return fmt.Errorf("%q says nothing", word)
	}
	switch word {
	case "encapsulation":
		s.encapsulations = rest
	case "hosts":
		s.hosts, err = strconv.Atoi(rest[0])
	case "vms":
		s.vms, err = strconv.Atoi(rest[0])
	case "snap":
		s.snap, err = strconv.Atoi(rest[0])
	case "sampling":
		s.sampling, err = strconv.Atoi(rest[0])
	case "pace":
		s.pace, err = time.ParseDuration(rest[0])
	case "to":
		s.destination = rest[0]
	case "life":
		s.life = rest[0]
	case "mirror":
		s.sources = sourcesOf(rest)
	case "first":
		s.first = append(s.first, event{number, rest[0], rest[1:]})
	case "never":
		s.never = rest
	case "at":
		if len(rest) < 2 {
			return fmt.Errorf("nothing happens at %s", rest[0])
		}
		next := step{hold: defaultHold, events: []event{{number, rest[1], rest[2:]}}}
		next.at, err = time.ParseDuration(rest[0])
		s.steps = append(s.steps, next)
	default:
		if len(s.steps) == 0 {
			return fmt.Errorf("%q is not known before anything happens", word)
		}
		return s.steps[len(s.steps)-1].take(number, word, rest, notYet)
	}
	return err
}

// sourcesOf reads web-01, web-01:from-vm, vmk0@esx-01.
func sourcesOf(words []string) (list []sourceAsked) {
	for _, w := range words {
		if host, ok := strings.CutPrefix(w, "vmk0@"); ok {
			list = append(list, sourceAsked{vmkernelOf: host})
			continue
		}
		vm, direction, _ := strings.Cut(w, ":")
		list = append(list, sourceAsked{vm: vm, direction: direction})
	}
	return list
}

func (s *step) take(number int, word string, rest []string, notYet bool) (err error) {
	switch word {
	case "and":
		s.events = append(s.events, event{number, rest[0], rest[1:]})
	case "want":
		return s.takeWant(rest, notYet)
	case "meanwhile":
		s.meanwhile = append(s.meanwhile, rest...)
	case "diagnosis":
		s.diagnoses = append(s.diagnoses, diagnosisWanted{rest[0], notYet})
	case "counted":
		s.counted = append(s.counted, rest...)
	case "hold":
		s.hold, err = time.ParseDuration(rest[0])
	default:
		return fmt.Errorf("%q is not known", word)
	}
	return err
}

// takeWant reads "session web-01: lost was_delivering_stopped | unknown receiver_dropping within 15s".
func (s *step) takeWant(words []string, notYet bool) (err error) {
	who, what, ok := strings.Cut(strings.Join(words, " "), ": ")
	if !ok {
		return fmt.Errorf("want: no colon behind who it is wanted of")
	}
	within := defaultWithin
	if verdicts, bound, ok := strings.Cut(what, " within "); ok {
		if within, err = time.ParseDuration(bound); err != nil {
			return err
		}
		what = verdicts
	}
	var verdicts []said
	for _, v := range strings.Split(what, " | ") {
		pair := strings.Fields(v)
		if len(pair) != 2 {
			return fmt.Errorf("want %q: a verdict is a state and a reason", v)
		}
		if v == nothingSaid {
			pair = []string{"", ""}
		}
		verdicts = append(verdicts, said{pair[0], pair[1]})
	}
	for _, w := range strings.Fields(who) {
		s.wants = append(s.wants, want{w, verdicts, within, notYet})
	}
	return nil
}
