// Package faultproxy stands between a client and a vCenter and does to their conversation what networks, load balancers and a
// vCenter that restarts do: it delays, refuses, cuts connections before and after a call was carried out, sends half an answer, or
// none.
//
// It speaks HTTP/1.1 over TLS with a certificate of its own. Which calls meet a fault is said by rules, which may be added and removed
// at any time. Without a matching rule a call goes through as it is, long polls included. It counts all calls, by method.
//
// Nothing but what the rules say is random, and that is drawn from a source of numbers that its owner gives.
package faultproxy
