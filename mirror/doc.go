// Package mirror is the vocabulary of vspan and its pure logic: what a person asks for (Session, Spec), what stands on a
// distributed virtual switch (Switch, Port, VSPAN), what has to change to make the second match the first (Plan), and what is
// known about the result (Status, Verdict).
//
// Nothing in this package does IO, starts a goroutine or reads a clock; time comes in as a parameter. All types are plain values:
// safe to read concurrently, not to be written concurrently.
package mirror
