package api

import (
	"crypto/rand"
	"strings"

	"github.com/google/uuid"
)

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID() string { return uuid.NewString() }

// newName makes a session's name: 13 characters of base32 are 65 random bits.
func newName() string { return "session-" + strings.ToLower(rand.Text()[:13]) }
