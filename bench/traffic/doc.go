// Package traffic makes the packets that a site full of mirror sessions sends to its receiver, for measuring what receives and
// reads them: the same bytes from the same [Spec] on every machine.
//
// It shares no code with what it is to measure, so that both cannot have one mistake. The formats are those of RFC 2784, RFC 2890
// and draft-foschiano-erspan-03; keys and directions are what ESXi was seen to send.
package traffic
