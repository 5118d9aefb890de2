// Package vcsimtests tests vspan from end to end: requests go to its HTTP API, a simulated vCenter takes the changes and makes
// things happen, mirror packets arrive, and the verdict has to be the right one.
//
// Most tests run everything in memory and need no rights (see world). Those that start real processes run them in network namespaces
// of their own, and one of them receives from a real Open vSwitch; they need root and say so where they are skipped.
package vcsimtests
