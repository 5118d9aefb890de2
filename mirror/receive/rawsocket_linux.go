package receive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// rawSocket is a raw socket of protocol 47 for one IP version.
type rawSocket struct {
	fd      int
	version uint8
	dropped uint32 // SO_MEMINFO when it was last asked
	buffer  []byte
	control []byte
}

// received is one datagram as the kernel gives it: of IPv4 with its header, of
// IPv6 without, and then the addresses beside it.
type received struct {
	at       time.Time
	src, dst netip.Addr
	data     []byte
}

// openRawSocket opens a socket that gives whole datagrams to nobody yet: the
// filter drops all until letIn.
func openRawSocket(version uint8) (_ *rawSocket, err error) {
	s := &rawSocket{version: version}
	family := unix.AF_INET
	if version == 6 {
		family = unix.AF_INET6
	}
	s.fd, err = unix.Socket(family, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_GRE)
	if err != nil {
		return nil, fmt.Errorf("open raw IPv%d socket of protocol 47: %w", version, err)
	}
	if err = attachFilter(s.fd, silenceFilter()); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// prepare sets what reading needs and then lets packets in. What came before is
// thrown away: it may be from another interface and has no time.
func (s *rawSocket) prepare(o LiveOptions) error {
	if o.Interface != "" {
		if err := unix.BindToDevice(s.fd, o.Interface); err != nil {
			return fmt.Errorf("bind raw IPv%d socket to interface %q: %w", s.version, o.Interface, err)
		}
	}
	if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return fmt.Errorf("SO_TIMESTAMPNS: %w", err)
	}
	if s.version == 6 {
		if err := unix.SetsockoptInt(s.fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1); err != nil {
			return fmt.Errorf("IPV6_RECVPKTINFO: %w", err)
		}
	}
	if err := s.grow(o.SocketBuffer); err != nil {
		return err
	}
	s.buffer, s.control = make([]byte, maxPacket), make([]byte, 256)
	for {
		_, _, _, _, err := unix.Recvmsg(s.fd, s.buffer, nil, unix.MSG_DONTWAIT)
		if err == unix.EAGAIN {
			break
		}
		if err != nil && err != unix.EINTR {
			return fmt.Errorf("empty raw IPv%d socket: %w", s.version, err)
		}
	}
	return attachFilter(s.fd, []bpf.Instruction{bpf.RetConstant{Val: wholePacket}})
}

// grow asks for a receive buffer, beyond the system's limit where
// CAP_NET_ADMIN allows that.
func (s *rawSocket) grow(bytes int) error {
	err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bytes)
	if err == unix.EPERM {
		err = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bytes)
	}
	if err != nil {
		return fmt.Errorf("receive buffer of %d bytes: %w", bytes, err)
	}
	return nil
}

// receive returns the next datagram, or false while there is none. The data is
// valid until the next call.
func (s *rawSocket) receive() (received, bool, error) {
	n, controlLen, _, from, err := unix.Recvmsg(s.fd, s.buffer, s.control, unix.MSG_DONTWAIT)
	if err == unix.EAGAIN || err == unix.EINTR {
		return received{}, false, nil
	}
	if err != nil {
		return received{}, false, fmt.Errorf("read raw IPv%d socket: %w", s.version, err)
	}
	// The kernel's time replaces ours, except where its layout is a 32-bit one.
	got := received{at: time.Now(), data: s.buffer[:n:n]}
	if sender, ok := from.(*unix.SockaddrInet6); ok {
		got.src = netip.AddrFrom16(sender.Addr)
	}
	return got, true, got.readControl(s.control[:controlLen])
}

// readControl reads the time and the destination, see socket(7) and ipv6(7).
func (r *received) readControl(control []byte) error {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return fmt.Errorf("read control messages: %w", err)
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_TIMESTAMPNS && len(m.Data) >= 16:
			r.at = time.Unix(int64(binary.NativeEndian.Uint64(m.Data)), int64(binary.NativeEndian.Uint64(m.Data[8:])))
		case m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_PKTINFO && len(m.Data) >= 16:
			r.dst = netip.AddrFrom16([16]byte(m.Data[:16]))
		}
	}
	return nil
}

// drops returns how many packets were dropped since it was last asked.
func (s *rawSocket) drops() (uint64, error) {
	total, err := socketDrops(s.fd)
	if err != nil {
		return 0, err
	}
	since := total - s.dropped // modulo 2^32
	s.dropped = total
	return uint64(since), nil
}

func (s *rawSocket) close() error { return closeFD(s.fd) }
