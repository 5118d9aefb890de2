// Package evidence turns the packets of a mirror into proof: it attributes each one to the session and the source it was mirrored for
// (Table, Ledger), and judges from what arrived, from the port counters and from the receiver's own losses whether a session
// delivers (Judge).
//
// Nothing in this package does IO, starts a goroutine or reads a clock: arrivals bring their time, and the judge is told what time it
// is. A Ledger belongs to one worker of the packet path; no lock is shared between two of them.
//
// What is not known of ESXi (the scope of its sequence numbers, whether its direction marks mean what one sample suggests, how often
// vCenter refreshes port counters) is never assumed: each is measured from what arrives, and where the measure fails the verdict
// says that it cannot tell.
package evidence
