package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/bench/cpu"
)

// burst is how many packets one system call sends.
const burst = 64

// ethernetLen is how many bytes go before each IP packet.
const ethernetLen = 14

// Sender sends a set of packets over a Link, over and over, past the queueing discipline.
type Sender struct {
	fd       int
	packets  *Packets
	vectors  []unix.Iovec
	messages []message
	next     int // the packet to go first
}

// message is struct mmsghdr of sendmmsg(2).
type message struct {
	header unix.Msghdr
	sent   uint32
	_      [4]byte
}

// Sent is what a Sender did.
type Sent struct {
	Packets int
	Took    time.Duration
	CPU     time.Duration // of the sending thread, and of the receiving softirq that runs in it
	Refused int           // sent again because the device had no room
}

// Plus adds what was sent at another time.
func (s Sent) Plus(o Sent) Sent {
	return Sent{s.Packets + o.Packets, s.Took + o.Took, s.CPU + o.CPU, s.Refused + o.Refused}
}

// Rate is in packets a second.
func (s Sent) Rate() float64 { return float64(s.Packets) / s.Took.Seconds() }

// NewSender opens a packet socket in the sender's namespace for outer IPv4 packets of ERSPAN, which are copied. It takes CAP_NET_RAW.
func (l *Link) NewSender(outer [][]byte) (*Sender, error) {
	s := &Sender{fd: -1, packets: NewPackets(l.frames(outer), ethernetLen)}
	err := l.Sender.Do(func() error { return s.open() })
	if err != nil {
		return nil, fmt.Errorf("open a packet socket to send: %w", err)
	}
	s.vectors, s.messages = make([]unix.Iovec, burst), make([]message, burst)
	for i := range s.messages {
		s.messages[i].header.Iov, s.messages[i].header.Iovlen = &s.vectors[i], 1
	}
	return s, nil
}

// frames are the packets as the sender's end sends them to the receiver's.
func (l *Link) frames(outer [][]byte) [][]byte {
	ethernet := append(append(append([]byte(nil), l.To...), l.From...), 0x08, 0x00)
	frames := make([][]byte, len(outer))
	for i, packet := range outer {
		frames[i] = append(append(make([]byte, 0, ethernetLen+len(packet)), ethernet...), packet...)
	}
	return frames
}

func (s *Sender) open() error {
	i, err := net.InterfaceByName(Interface)
	if err != nil {
		return err
	}
	if s.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	return errors.Join(
		unix.SetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1),
		unix.Bind(s.fd, &unix.SockaddrLinklayer{Ifindex: i.Index}),
	)
}

// Converse has the TCP conversations in the packets go on too: see [Packets.Converse].
func (s *Sender) Converse() { s.packets.Converse() }

// Close closes the socket.
func (s *Sender) Close() error { return unix.Close(s.fd) }

// Send sends n packets at the rate, in packets a second; 0 is as fast as it can. When ctx is done first it returns its cause. A sender
// that cannot keep the rate sends later than it should: see [Sent.Rate].
func (s *Sender) Send(ctx context.Context, n int, rate float64) (Sent, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	sent := Sent{}
	leave, err := stay()
	if err != nil {
		return sent, err
	}
	defer leave()
	began, spent := time.Now(), cpu.Thread()
	pace := pacer{began, rate}
	for sent.Packets < n {
		if ctx.Err() != nil {
			return sent, context.Cause(ctx)
		}
		pace.wait(sent.Packets)
		count, refused, err := s.burst(min(burst, n-sent.Packets))
		if err != nil {
			return sent, fmt.Errorf("send packet %d: %w", sent.Packets+1, err)
		}
		sent.Packets += count
		sent.Refused += refused
	}
	sent.Took, sent.CPU = time.Since(began), cpu.Thread()-spent
	return sent, nil
}

// burst sends the next n packets.
func (s *Sender) burst(n int) (sent, refused int, err error) {
	all := s.packets.All()
	for i := range n {
		b := all[s.next]
		s.vectors[i].Base = &b[0]
		s.vectors[i].SetLen(len(b))
		s.next = (s.next + 1) % len(all)
	}
	for sent < n { // as in pacer.wait, Go's scheduler is not told
		done, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.messages[sent])), uintptr(n-sent), 0, 0, 0)
		switch errno {
		case 0:
			sent += int(done)
		case unix.EINTR:
		case unix.ENOBUFS, unix.EAGAIN:
			refused++
		default:
			return sent, refused, errno
		}
	}
	first := (s.next - n + len(all)) % len(all)
	for i := range n {
		s.packets.Renumber((first + i) % len(all))
	}
	return sent, refused, nil
}
