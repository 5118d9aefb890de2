//go:build !client

package receive

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ringSocket is an AF_PACKET socket with its TPACKET_V3 ring and the place where
// reading stands. Only statistics and filters may be used beside the reader.
type ringSocket struct {
	fd        int
	memory    []byte
	blockSize int
	next      int // offset of the block that is filled next
}

// frameSize is not used by the kernel for TPACKET_V3, which packs packets of any
// size into a block, but must divide the block.
const frameSize = 2048

// openRingSocket sets everything before it binds: a socket of protocol 0 gets
// nothing. What it gets then no filter lets pass until it is replaced.
func openRingSocket(o LiveOptions, index int) (_ *ringSocket, err error) {
	s := &ringSocket{fd: -1, blockSize: o.BlockSize}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0); err != nil {
		return nil, fmt.Errorf("open AF_PACKET socket: %w", err)
	}
	if err = attachFilter(s.fd, silenceFilter()); err != nil {
		return nil, err
	}
	if err = s.mapRing(o); err != nil {
		return nil, err
	}
	// ETH_P_ALL, not ETH_P_IP: a tap of one protocol comes after clsact and would
	// see nothing of what clsact keeps from the IP stack.
	address := &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: index}
	if err = unix.Bind(s.fd, address); err != nil {
		return nil, fmt.Errorf("bind AF_PACKET socket: %w", err)
	}
	return s, nil
}

func (s *ringSocket) mapRing(o LiveOptions) error {
	if err := unix.SetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("ask for TPACKET_V3: %w", err)
	}
	request := unix.TpacketReq3{
		Block_size:     uint32(o.BlockSize),
		Block_nr:       uint32(o.Blocks),
		Frame_size:     frameSize,
		Frame_nr:       uint32(o.BlockSize / frameSize * o.Blocks),
		Retire_blk_tov: uint32(max(1, o.Retire.Milliseconds())),
	}
	if err := unix.SetsockoptTpacketReq3(s.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &request); err != nil {
		return fmt.Errorf("ask for a ring of %d blocks of %d bytes: %w", o.Blocks, o.BlockSize, err)
	}
	memory, err := unix.Mmap(s.fd, 0, o.BlockSize*o.Blocks, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map the ring: %w", err)
	}
	s.memory = memory
	return nil
}

// ready returns the next block, or nil while the kernel still fills it. The
// block is the reader's until giveBack.
func (s *ringSocket) ready() []byte {
	block := s.memory[s.next : s.next+s.blockSize]
	if atomic.LoadUint32(statusOf(block))&unix.TP_STATUS_USER == 0 {
		return nil
	}
	return block
}

func (s *ringSocket) blocks() int { return len(s.memory) / s.blockSize }

func (s *ringSocket) giveBack(block []byte) {
	atomic.StoreUint32(statusOf(block), unix.TP_STATUS_KERNEL)
	s.next = (s.next + s.blockSize) % len(s.memory)
}

// statusOf is the word by which the kernel and the reader pass a block to each
// other; it orders what they read and write in it.
func statusOf(block []byte) *uint32 { return (*uint32)(unsafe.Pointer(&block[blockStatus])) }

// wait returns when a block may be ready, the wakeup rings or the time is up.
func (s *ringSocket) wait(wake wakeup, timeout time.Duration) error {
	events, err := wake.poll(timeout, s.fd)
	if err != nil {
		return err
	}
	if events[0]&unix.POLLERR == 0 {
		return nil
	}
	return s.failure()
}

// failure reads the pending error. That the interface is down is none: packets
// come again when it is up, and whether it is gone others look.
func (s *ringSocket) failure() error {
	code, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return fmt.Errorf("SO_ERROR: %w", err)
	case code == 0 || unix.Errno(code) == unix.ENETDOWN:
		return nil
	}
	return unix.Errno(code)
}

// statistics returns the drops since it was last asked: reading resets them.
func (s *ringSocket) statistics() (drops, freezes uint64, err error) {
	stats, err := unix.GetsockoptTpacketStatsV3(s.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return 0, 0, fmt.Errorf("PACKET_STATISTICS: %w", err)
	}
	return uint64(stats.Drops), uint64(stats.Freeze_q_cnt), nil
}

func (s *ringSocket) close() error {
	var err error
	if s.memory != nil {
		err = unix.Munmap(s.memory)
	}
	return errors.Join(err, closeFD(s.fd))
}
