package doctor

import (
	"cmp"
	"slices"
	"strings"
)

// Check is one thing that was looked at.
type Check struct {
	Code    Code
	VCenter string // the configured vCenter it concerns; "" for what is of this machine
	Subject Subject
	Status  Status
	Message string // what was found, with figures; one sentence
	Remedy  string // what to do; "" when Status is OK
}

// Worst is the status of the worst of checks; OK when there is none.
func Worst(checks []Check) Status {
	worst := OK
	for _, c := range checks {
		if c.Status.urgency() < worst.urgency() {
			worst = c.Status
		}
	}
	return worst
}

// findings collects checks. What is to be said alike of several things of a kind is said once.
type findings struct {
	checks []Check
	at     map[finding]int // in checks
}

// finding is a check but for the names of its subject.
type finding struct {
	code                     Code
	kind                     Kind
	status                   Status
	vcenter, message, remedy string
}

func (f *findings) add(name string, what finding) {
	at, there := f.at[what]
	if !there {
		if f.at == nil {
			f.at = make(map[finding]int)
		}
		at = len(f.checks)
		f.at[what] = at
		f.checks = append(f.checks, Check{
			Code: what.code, VCenter: what.vcenter, Subject: Subject{Kind: what.kind}, Status: what.status, Message: what.message, Remedy: what.remedy,
		})
	}
	f.checks[at].Subject.Names = append(f.checks[at].Subject.Names, name)
}

// sorted returns the checks, worst first, each status in the order of the codes.
func (f *findings) sorted() []Check {
	for i := range f.checks {
		names := f.checks[i].Subject.Names
		slices.Sort(names)
		f.checks[i].Subject.Names = slices.Compact(names)
	}
	slices.SortStableFunc(f.checks, func(a, b Check) int {
		return cmp.Or(cmp.Compare(a.Status.urgency(), b.Status.urgency()), cmp.Compare(a.Code, b.Code), strings.Compare(a.VCenter, b.VCenter),
			cmp.Compare(a.Subject.Kind, b.Subject.Kind), slices.Compare(a.Subject.Names, b.Subject.Names), strings.Compare(a.Message, b.Message))
	})
	return f.checks
}
