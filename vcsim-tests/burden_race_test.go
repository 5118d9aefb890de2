//go:build race

package vcsimtests

// With the race detector all costs several times as much. What is looked for are races, which verdicts that come late would hide; that
// what is promised comes in time is looked at without it.
const (
	abreast = 16
	slack   = 4
)
