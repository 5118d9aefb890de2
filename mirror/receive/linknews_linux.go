//go:build !client

package receive

import (
	"errors"

	"golang.org/x/sys/unix"
)

// linkNews are the messages by which rtnetlink(7) tells that an interface has come, has changed or has gone. To ask whether there are any
// costs a small part of what a list of the interfaces does.
type linkNews struct{ fd int } // -1 where the kernel does not tell

// openLinkNews listens in the network namespace of the calling thread.
func openLinkNews() linkNews {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return linkNews{-1}
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_LINK}); err != nil {
		_ = unix.Close(fd)
		return linkNews{-1}
	}
	return linkNews{fd}
}

// any reports whether there may be news since it was last asked. That more was told than there was room for is news too.
func (n linkNews) any() bool {
	if n.fd < 0 {
		return true
	}
	var some bool
	for {
		_, _, err := unix.Recvfrom(n.fd, nil, unix.MSG_TRUNC) // the rest of a message goes with it
		switch {
		case err == nil, errors.Is(err, unix.ENOBUFS):
			some = true
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return some
		default:
			return true
		}
	}
}

func (n linkNews) close() {
	if n.fd >= 0 {
		_ = unix.Close(n.fd)
	}
}
