// Package explain writes what is known about a session as a page that a person can put into a ticket, as text or as Markdown. Everything
// on it may come from anywhere, a VM's name or a packet: what could move a terminal's cursor or make markup is escaped.
package explain
