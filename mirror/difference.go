package mirror

import (
	"fmt"
	"slices"
	"strings"
)

// Difference is one field in which what stands on a switch is not what is wanted.
type Difference struct {
	Field      string
	Want, Have any
}

func (d Difference) String() string {
	return fmt.Sprintf("%s is %v, not %v", d.Field, shown(d.Have), shown(d.Want))
}

// shown quotes what comes from outside.
func shown(v any) any {
	if text, is := v.(string); is {
		return fmt.Sprintf("%.100q", text)
	}
	return v
}

func joined(differences []Difference) string {
	var texts []string
	for _, d := range differences {
		texts = append(texts, d.String())
	}
	return strings.Join(texts, "; ")
}

// Diff returns the fields in which have differs from v, the session as wanted; nil when none does. The key is not compared, nor is
// the order of the destinations, each of which is sent every packet.
func (v VSPAN) Diff(have VSPAN) []Difference {
	var d []Difference
	check := func(field string, same bool, want, have any) {
		if !same {
			d = append(d, Difference{field, want, have})
		}
	}
	check("name", v.Name == have.Name, v.Name, have.Name)
	check("description", v.Description == have.Description, v.Description, have.Description)
	check("enabled", v.Enabled == have.Enabled, v.Enabled, have.Enabled)
	check("sessionType", v.Type == have.Type, v.Type, have.Type)
	check("encapsulation", v.Encapsulation == have.Encapsulation, v.Encapsulation, have.Encapsulation)
	check("erspanId", v.ERSPANID == have.ERSPANID, v.ERSPANID, have.ERSPANID)
	check("cos", v.COS == have.COS, v.COS, have.COS)
	check("nanoseconds", v.Nanoseconds == have.Nanoseconds, v.Nanoseconds, have.Nanoseconds)
	check("destinations", sameAddresses(v.Destinations, have.Destinations), v.Destinations, have.Destinations)
	check("fromVm", slices.Equal(v.FromVM, have.FromVM), v.FromVM, have.FromVM)
	check("toVm", slices.Equal(v.ToVM, have.ToVM), v.ToVM, have.ToVM)
	check("snapLength", v.SnapLength == have.SnapLength, v.SnapLength, have.SnapLength)
	check("sampling", v.Sampling == have.Sampling, v.Sampling, have.Sampling)
	check("netstack", v.Netstack == have.Netstack, v.Netstack, have.Netstack)
	check("other", v.Other == have.Other, v.Other, have.Other)
	return d
}

// Differences names the fields of Diff.
func (v VSPAN) Differences(have VSPAN) []string {
	var fields []string
	for _, d := range v.Diff(have) {
		fields = append(fields, d.Field)
	}
	return fields
}
