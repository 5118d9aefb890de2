//go:build !race

package vcsimtests

const (
	// abreast is how many scenarios are played at the same time. They sleep for most of it.
	abreast = 40
	// slack is how many times longer than promised something may take.
	slack = 1
)
