package tap

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// tapDevice is a TAP device of ours: it is there as long as fd is open.
type tapDevice struct{ fd int }

// openDevice makes a device, keeps everything but our frames off it, and sets it up.
func openDevice(name string, mtu int) (device, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening /dev/net/tun, which the kernel's module tun provides: %w", err)
	}
	d := &tapDevice{fd}
	if err := d.prepare(name, mtu); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *tapDevice) prepare(name string, mtu int) error {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_TUN_EXCL)
	switch err := unix.IoctlIfreq(d.fd, unix.TUNSETIFF, request); {
	case errors.Is(err, unix.EBUSY):
		return errors.New("there is a device of that name already: remove it, or choose another name")
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("it takes CAP_NET_ADMIN: %w", err)
	case err != nil:
		return err
	}
	if err := withoutIPv6(name); err != nil {
		return err
	}
	control, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(control) }()
	return setUp(control, request, mtu)
}

// withoutIPv6 keeps the kernel from giving the device an address and from sending for it.
func withoutIPv6(name string) error {
	err := os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a kernel without IPv6
	}
	return err
}

// setUp gives the device its MTU, drops behind it what was looked at, and brings it up, without ARP and multicast.
func setUp(control int, request *unix.Ifreq, mtu int) error {
	if err := unix.IoctlIfreq(control, unix.SIOCGIFINDEX, request); err != nil {
		return err
	}
	if err := dropBehind(request.Uint32()); err != nil {
		return fmt.Errorf("keeping the frames from this machine's own stack: %w", err)
	}
	request.SetUint32(uint32(mtu))
	if err := unix.IoctlIfreq(control, unix.SIOCSIFMTU, request); err != nil {
		return fmt.Errorf("an MTU of %d: %w", mtu, err)
	}
	if err := unix.IoctlIfreq(control, unix.SIOCGIFFLAGS, request); err != nil {
		return err
	}
	request.SetUint16(request.Uint16()&^unix.IFF_MULTICAST | unix.IFF_NOARP | unix.IFF_UP)
	return unix.IoctlIfreq(control, unix.SIOCSIFFLAGS, request)
}

// Write implements device.
func (d *tapDevice) Write(frame []byte) (int, error) {
	for {
		n, err := unix.Write(d.fd, frame)
		switch err {
		case unix.EINTR:
			continue
		case unix.EBADFD:
			return n, errGone
		case unix.EIO:
			return n, errDown
		default:
			return n, err
		}
	}
}

// Close removes the device.
func (d *tapDevice) Close() error { return unix.Close(d.fd) }
