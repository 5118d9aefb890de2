// Package wire holds the JSON of vspan's HTTP API, as the server writes it and the client reads it. The doc and validation tags
// make the OpenAPI document, and what they say the server enforces.
//
// Names are camelCase, times RFC 3339 in UTC, durations Go style ("1h30m"). The types are plain values with no behaviour; what they
// mean is in package mirror.
package wire
