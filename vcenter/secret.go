package vcenter

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted stands for a secret wherever one would be printed.
const redacted = "[redacted]"

// Secret is a string that is never printed: not by fmt whatever the verb, not by encoding/json or YAML, not by slog. The zero value
// is "none given".
type Secret struct {
	// A pointer, because fmt calls no methods on the unexported fields of others: it prints a pointer there as an address.
	value *string
}

// NewSecret keeps s; "" is a secret too, namely an empty password.
func NewSecret(s string) Secret { return Secret{&s} }

// Reveal returns what is kept. It is for the one place that sends it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether none was given.
func (s Secret) IsZero() bool { return s.value == nil }

// String returns a placeholder, or "" when none was given.
func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return redacted
}

// GoString is String: %#v shows no more than %v.
func (s Secret) GoString() string { return s.String() }

// Format prints the placeholder for every verb; %x and %q of a secret would be the secret.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText writes the placeholder, so that a configuration can be shown.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is what slog writes.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
