// Package transcript keeps what explains a verdict, within bounds: how the verdicts on a session and its sources came to be what they
// are, the headers of some of the last packets, and the first bytes of the first packets of each exporter. It does no IO and has no
// clock: now is a parameter.
package transcript
