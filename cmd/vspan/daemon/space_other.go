//go:build !linux

package daemon

import "errors"

// space is not known elsewhere.
func space(string) (free, size uint64, err error) { return 0, 0, errors.ErrUnsupported }
