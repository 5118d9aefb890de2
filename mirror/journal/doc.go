// Package journal keeps the history of sessions: what happened, when, who did it and why. It is the audit record that is written
// before a switch is changed, and what a person reads afterwards.
//
// On disk a journal is a directory of segments, files of JSON lines to which lines are only ever added:
//
//	{"crc":"5d1b4a80","line":{"seq":12,"at":"2026-03-01T12:00:00Z","kind":"applied","session":"web-01","uid":"…","text":"…"}}
//
// crc is the CRC-32C of the bytes of line's value, in hexadecimal. The first line of a file says the version of the format. When
// there are too many bytes the oldest segment goes, and its failures move to a file of their own, within a bound of their own:
// failures are kept longer than successes.
//
// In memory there is an index of the newest events of each session, bounded too. All reading is done from it, so it costs nothing
// on disk, and what is older than the index can be read in the files.
package journal
