package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/vspan-io/vspan/mirror"
)

// Bounds of what is told of a change.
const (
	maxDifferences = 8
	maxValueTold   = 64 // bytes
)

// differences says what a change changed, field by field as the API spells them: "enabled true → false; snapLength 0 → 128".
func differences(before, after mirror.Session) string {
	old, now := fieldsOf(before), fieldsOf(after)
	names := slices.Collect(maps.Keys(old))
	for name := range now {
		if _, both := old[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var told []string
	for _, name := range names {
		if old[name] != now[name] {
			told = append(told, fmt.Sprintf("%s %s → %s", name, valueOf(old, name), valueOf(now, name)))
		}
	}
	if more := len(told) - maxDifferences; more > 0 {
		told = append(told[:maxDifferences], fmt.Sprintf("and %d more", more))
	}
	if !before.ExpiresAt.Equal(after.ExpiresAt) {
		told = append(told, fmt.Sprintf("ends %s → %s", endOrNever(before), endOrNever(after)))
	}
	return strings.Join(told, "; ")
}

func endOrNever(s mirror.Session) string {
	if s.ExpiresAt.IsZero() {
		return never
	}
	return end(s)
}

// fieldsOf are the fields of what an owner asks for, each with its value.
func fieldsOf(s mirror.Session) map[string]string {
	text, err := json.Marshal(renderSpec(s.Spec))
	if err != nil {
		panic("a spec cannot be written as JSON: " + err.Error()) // it was read from JSON
	}
	document, err := decodeJSON(text)
	if err != nil {
		panic("a spec cannot be read from JSON: " + err.Error()) // it was just written
	}
	fields := make(map[string]string)
	flatten(fields, "", document)
	for key, value := range s.Labels {
		flatten(fields, "labels."+key, value)
	}
	return fields
}

// flatten adds the leaves of a JSON document to fields, each by its path.
func flatten(fields map[string]string, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			flatten(fields, strings.TrimPrefix(path+"."+name, "."), value)
		}
	case []any:
		for i, value := range v {
			flatten(fields, fmt.Sprintf("%s[%d]", path, i), value)
		}
	case string:
		fields[path] = plain(v)
	default:
		fields[path] = fmt.Sprint(v)
	}
}

// plain is a string as it is, or quoted where it would be misread.
func plain(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsPrint(r) || unicode.IsSpace(r) || strings.ContainsRune(`";→`, r)
	}) {
		return strconv.Quote(s)
	}
	return s
}

// valueOf is what a field held, shortened.
func valueOf(fields map[string]string, name string) string {
	value, there := fields[name]
	if !there {
		return "(none)"
	}
	if len(value) > maxValueTold {
		return strings.ToValidUTF8(value[:maxValueTold], "") + "…"
	}
	return value
}
