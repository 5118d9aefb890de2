package daemon

import "fmt"

// The words for whether the API shows what was mirrored.
const (
	PayloadAllow = "allow"
	PayloadDeny  = "deny"
)

// SetPayload sets whether the API shows what was mirrored, from its word; "" leaves it as it is.
func (c *Config) SetPayload(word string) error {
	switch word {
	case "":
	case PayloadAllow:
		c.Payload = true
	case PayloadDeny:
		c.Payload = false
	default:
		return fmt.Errorf("payload (--payload) is %q: want %s or %s", word, PayloadAllow, PayloadDeny)
	}
	return nil
}
