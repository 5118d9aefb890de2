// Package render turns conversations, streams and talkers into the JSON of package wire: for the API, and for the commands that read
// a capture file without it. No list of what it makes is null.
package render
