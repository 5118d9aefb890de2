// Package tracking brings what a receiver has attributed to the trackers of the sessions that are looked at: digests of packets, by a Relay
// for each of its workers.
package tracking
