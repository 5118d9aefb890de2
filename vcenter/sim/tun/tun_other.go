//go:build !linux

package tun

import (
	"errors"
	"os"
)

// Device is for Linux only.
type Device struct {
	*os.File
	Reached []Network
}

// Open returns an error.
func Open(string, ...Network) (*Device, error) {
	return nil, errors.New("TUN devices are supported on Linux only")
}
