//go:build !client

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
	reader  reader
}

// reader reads a raw socket.
type reader interface {
	// receive returns the next datagram, or false while there is none. It is valid
	// until the next call.
	receive(fd int) (received, bool, error)
}

// received is one datagram as the kernel gives it: of IPv4 with its header, of
// IPv6 without, and then the addresses beside it.
type received struct {
	at       int64 // nanoseconds since 1970
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
	for more := true; more; {
		var err error
		if _, more, err = s.receive(); err != nil {
			return err
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

// receive returns the next datagram, or false while there is none. It is valid
// until the next call.
func (s *rawSocket) receive() (received, bool, error) {
	got, ok, err := s.reader.receive(s.fd)
	switch {
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
		return received{}, false, nil
	case err != nil:
		return received{}, false, fmt.Errorf("read raw IPv%d socket: %w", s.version, err)
	}
	return got, ok, nil
}

// plainReader reads one datagram a call (recvmsg(2)).
type plainReader struct{ data, control []byte }

func newPlainReader() *plainReader {
	return &plainReader{data: make([]byte, maxPacket), control: make([]byte, controlLen)}
}

func (r *plainReader) receive(fd int) (received, bool, error) {
	n, controlLen, _, from, err := unix.Recvmsg(fd, r.data, r.control, unix.MSG_DONTWAIT)
	if err != nil {
		return received{}, false, err
	}
	got := received{data: r.data[:n:n]}
	if sender, ok := from.(*unix.SockaddrInet6); ok {
		got.src = netip.AddrFrom16(sender.Addr)
	}
	return got, true, got.readControl(r.control[:controlLen])
}

// controlLen has room for the control messages that were asked for.
const controlLen = 128

// readControl reads the time and the destination, see socket(7) and ipv6(7).
func (r *received) readControl(control []byte) error {
	for len(control) >= unix.CmsgSpace(0) {
		header, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			return fmt.Errorf("read control messages: %w", err)
		}
		control = rest
		switch {
		case header.Level == unix.SOL_SOCKET && header.Type == unix.SCM_TIMESTAMPNS && len(data) >= 16:
			r.at = int64(binary.NativeEndian.Uint64(data))*int64(time.Second) + int64(binary.NativeEndian.Uint64(data[8:]))
		case header.Level == unix.IPPROTO_IPV6 && header.Type == unix.IPV6_PKTINFO && len(data) >= 16:
			r.dst = netip.AddrFrom16([16]byte(data[:16]))
		}
	}
	if r.at == 0 { // its layout is that of 32 bits
		r.at = time.Now().UnixNano()
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
