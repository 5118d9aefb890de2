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
type findings struct{ checks []Check }

func (f *findings) add(c Check) {
	for i := range f.checks {
		if o := &f.checks[i]; o.Code == c.Code && o.VCenter == c.VCenter && o.Subject.Kind == c.Subject.Kind && o.Status == c.Status &&
			o.Message == c.Message && o.Remedy == c.Remedy {
			for _, name := range c.Subject.Names {
				if !slices.Contains(o.Subject.Names, name) {
					o.Subject.Names = append(o.Subject.Names, name)
				}
			}
			return
		}
	}
	c.Subject.Names = slices.Clone(c.Subject.Names)
	f.checks = append(f.checks, c)
}

// sorted returns the checks, worst first, each status in the order of the codes.
func (f *findings) sorted() []Check {
	for i := range f.checks {
		slices.Sort(f.checks[i].Subject.Names)
	}
	slices.SortStableFunc(f.checks, func(a, b Check) int {
		return cmp.Or(cmp.Compare(a.Status.urgency(), b.Status.urgency()), cmp.Compare(a.Code, b.Code), strings.Compare(a.VCenter, b.VCenter),
			cmp.Compare(a.Subject.Kind, b.Subject.Kind), slices.Compare(a.Subject.Names, b.Subject.Names), strings.Compare(a.Message, b.Message))
	})
	return f.checks
}
