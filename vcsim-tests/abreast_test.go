//go:build !race

package vcsimtests

// abreast is how many scenarios are played at the same time. They sleep for most of it.
const abreast = 40
