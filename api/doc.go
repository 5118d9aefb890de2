// Package api serves vspan over HTTP: sessions and what is known about them, what happened to them, switches, ports, receivers,
// metrics, and the OpenAPI document that describes it. The JSON is in package wire, the Go client in package client.
//
// The package knows the vocabulary and the store. Whatever else it needs comes in through the small interfaces and functions of
// [Options]; it never speaks to vCenter and never sees a packet.
//
// Every error is an RFC 9457 problem with a stable code, and none repeats a value of the request's body. There are no access
// rights yet, so [Listen] refuses every address that is not loopback, and the handler every Host that is not (a page in the
// operator's browser must not reach it through a name of its own), and every browser request from another origin.
package api
