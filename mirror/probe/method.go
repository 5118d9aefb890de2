package probe

import "fmt"

// Method is the kind of packet that is sent.
type Method uint8

// The methods.
const (
	ICMP Method = iota // an echo request: guests answer it unless a firewall drops it
	ARP                // who has the address: needs the same segment, and every guest answers it. Its answer bears no nonce
	UDP                // a datagram to a port: a guest answers that it is closed
)

var methodNames = [...]string{ICMP: "icmp", ARP: "arp", UDP: "udp"}

func (m Method) String() string {
	if int(m) < len(methodNames) {
		return methodNames[m]
	}
	return fmt.Sprintf("method %d", uint8(m))
}

// Methods lists the names of the methods.
func Methods() []string { return methodNames[:] }

// ParseMethod is the inverse of String; "" is ICMP.
func ParseMethod(s string) (Method, error) {
	for m, name := range methodNames {
		if s == name {
			return Method(m), nil
		}
	}
	if s == "" {
		return ICMP, nil
	}
	return 0, fmt.Errorf("method %q: want one of %q", s, methodNames)
}
