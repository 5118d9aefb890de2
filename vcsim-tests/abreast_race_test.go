//go:build race

package vcsimtests

// abreast is how many scenarios are played at the same time where each costs several times as much: what is looked for here is races, and
// verdicts that come late because nothing else fits on two cores would hide them.
const abreast = 16
