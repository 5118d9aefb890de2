//go:build !linux

package tap

import "errors"

func openDevice(string, int) (device, error) {
	return nil, errors.New("there are TAP devices on Linux only")
}
