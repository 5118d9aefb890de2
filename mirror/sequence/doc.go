// Package sequence tells packets that were lost from those that came late, twice or from elsewhere, by the sequence numbers of GRE
// (RFC 2890) that ERSPAN Types II and III bear. It knows numbers and no packets: whose they are is decided by who calls it. The program
// that counts in the kernel follows the same rules, in mirror/receive/xdp/bpf/sequence.h, and is tested against this package.
package sequence
