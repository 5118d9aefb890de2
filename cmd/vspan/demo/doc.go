// Package demo shows vspan at work without a vCenter: a simulated vCenter whose hosts really mirror, the daemon and its receiver
// in one process. Everything is asked for over the daemon's own HTTP API, as a person or a program would.
package demo
