package mirror

import (
	"fmt"
	"strings"
)

// nameOf returns the name of an enumeration's value; a value outside of it prints as a number rather than as nothing.
func nameOf[T ~uint8](names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("unknown(%d)", v)
}

// valueOf finds the value that bears name; the error names what was asked and what there is.
func valueOf[T ~uint8](what string, names []string, name string) (T, error) {
	for i, n := range names {
		if n == name && n != "" {
			return T(i), nil
		}
	}
	return 0, fmt.Errorf("unknown %s %q: want one of %s", what, name, strings.Join(names, ", "))
}

// all lists the values of an enumeration that have a name.
func all[T ~uint8](names []string) []T {
	vs := make([]T, 0, len(names))
	for i, n := range names {
		if n != "" {
			vs = append(vs, T(i))
		}
	}
	return vs
}

// camelCase turns snake_case into CamelCase, the spelling of Kubernetes-style condition reasons.
func camelCase(s string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(s, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}
