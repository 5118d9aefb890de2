//go:build !client

package receive

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batchReader reads many datagrams a call (recvmmsg(2)).
type batchReader struct {
	messages []message
	senders  []unix.RawSockaddrInet6
	places   []unix.Iovec
	data     []byte
	control  []byte
	have     int // messages that the last call filled
	next     int // of those, the one to return
}

// message is struct mmsghdr.
type message struct {
	header unix.Msghdr
	length uint32
}

// batchLen is how many datagrams are read by one call. Memory that no datagram was
// so long, or so many, to reach is never touched.
const batchLen = 64

func newBatchReader() *batchReader {
	r := &batchReader{
		messages: make([]message, batchLen),
		senders:  make([]unix.RawSockaddrInet6, batchLen),
		places:   make([]unix.Iovec, batchLen),
		data:     make([]byte, batchLen*maxPacket),
		control:  make([]byte, batchLen*controlLen),
	}
	for i := range r.messages {
		r.places[i].Base = &r.data[i*maxPacket]
		r.places[i].SetLen(maxPacket)
		h := &r.messages[i].header
		h.Name = (*byte)(unsafe.Pointer(&r.senders[i]))
		h.Iov = &r.places[i]
		h.SetIovlen(1)
		h.Control = &r.control[i*controlLen]
	}
	return r
}

func (r *batchReader) receive(fd int) (received, bool, error) {
	if r.next == r.have {
		if err := r.fill(fd); err != nil {
			return received{}, false, err
		}
	}
	i := r.next
	r.next++
	m := &r.messages[i]
	n := min(int(m.length), maxPacket)
	got := received{data: r.data[i*maxPacket : i*maxPacket+n : i*maxPacket+n]}
	if r.senders[i].Family == unix.AF_INET6 {
		got.src = netip.AddrFrom16(r.senders[i].Addr)
	}
	control := r.control[i*controlLen : (i+1)*controlLen]
	return got, true, got.readControl(control[:min(int(m.header.Controllen), controlLen)])
}

// fill reads what is there, at least one datagram.
func (r *batchReader) fill(fd int) error {
	for i := range r.messages {
		h := &r.messages[i].header
		h.Namelen = unix.SizeofSockaddrInet6
		h.SetControllen(controlLen)
	}
	r.have, r.next = 0, 0
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.messages[0])), batchLen, unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return errno
	}
	r.have = int(n)
	return nil
}
