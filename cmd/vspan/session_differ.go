package main

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"github.com/vspan-io/vspan/api/wire"
)

// differing names what two sessions ask for differently, as the API spells it; nothing when they ask for the same.
func differing(a, b wire.Session) []string {
	left, right := fields(a.Spec), fields(b.Spec)
	var names []string
	for name := range left {
		if !reflect.DeepEqual(left[name], right[name]) {
			names = append(names, name)
		}
	}
	for name := range right {
		if _, both := left[name]; !both {
			names = append(names, name)
		}
	}
	if !maps.Equal(a.Labels, b.Labels) {
		names = append(names, "labels")
	}
	slices.Sort(names)
	return names
}

// fields are the parts of a spec as JSON has them.
func fields(spec wire.Spec) map[string]any {
	text, err := json.Marshal(spec)
	if err != nil {
		panic(err) // a Spec holds nothing that JSON cannot say
	}
	var parts map[string]any
	if err := json.Unmarshal(text, &parts); err != nil {
		panic(err) // it is what was just written
	}
	return parts
}
