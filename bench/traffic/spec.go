package traffic

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
)

// Encapsulation is how mirrored frames travel.
type Encapsulation uint8

// The encapsulations, by the names vSphere has for them.
const (
	ERSPAN2 Encapsulation = iota // erspan2: 0x88BE with a sequence
	ERSPAN3                      // erspan3: 0x22EB with a sequence, no platform sub-header
	GRE                          // gre: 0x6558 with a key, which is the direction, and no sequence
)

// String is the name vSphere has for the encapsulation.
func (e Encapsulation) String() string {
	switch e {
	case ERSPAN2:
		return "erspan2"
	case ERSPAN3:
		return "erspan3"
	case GRE:
		return "gre"
	}
	return "unknown"
}

// Spec says what traffic there is. The zero value of a field means its default.
type Spec struct {
	Packets   int // default 200,000
	Sessions  int // 1 to 1023, default 64; session i has the ERSPAN id i+1
	Sources   int // mirrored VMs of each session, 1 to 256, default 4
	Exporters int // hosts that mirror, 1 to 4096, default 4; the VMs are spread over them in turn
	Talks     int // conversations of each VM, 1 to 65536, default 8

	OnlyTCP bool // default: of four conversations one is UDP

	Encapsulation Encapsulation // default ERSPAN2
	Seed          uint64        // another seed, other packets

	// Exporter is the outer IPv4 address of the first host; the others have those that follow it. Default 10.0.0.11.
	Exporter netip.Addr
	// Collector is the outer IPv4 address that receives. Default 10.2.1.110.
	Collector netip.Addr
}

const (
	maxSessions  = 1023 // ids are 10 bits, and 0 is kept free
	maxSources   = 256
	maxExporters = 4096
	maxTalks     = 1 << 16
)

func (s Spec) withDefaults() Spec {
	s.Packets = cmp.Or(s.Packets, 200_000)
	s.Sessions = cmp.Or(s.Sessions, 64)
	s.Sources = cmp.Or(s.Sources, 4)
	s.Exporters = cmp.Or(s.Exporters, 4)
	s.Talks = cmp.Or(s.Talks, 8)
	s.Exporter = cmp.Or(s.Exporter, netip.AddrFrom4([4]byte{10, 0, 0, 11}))
	s.Collector = cmp.Or(s.Collector, netip.AddrFrom4([4]byte{10, 2, 1, 110}))
	return s
}

// check names the first thing that is wrong with a spec whose defaults are set.
func (s Spec) check() error {
	switch {
	case s.Packets < 0:
		return fmt.Errorf("traffic: %d packets: want a number of them", s.Packets)
	case s.Sessions < 1 || s.Sessions > maxSessions:
		return fmt.Errorf("traffic: %d sessions: want 1 to %d", s.Sessions, maxSessions)
	case s.Sources < 1 || s.Sources > maxSources:
		return fmt.Errorf("traffic: %d sources of a session: want 1 to %d", s.Sources, maxSources)
	case s.Exporters < 1 || s.Exporters > maxExporters:
		return fmt.Errorf("traffic: %d exporters: want 1 to %d", s.Exporters, maxExporters)
	case s.Talks < 1 || s.Talks > maxTalks:
		return fmt.Errorf("traffic: %d conversations of a VM: want 1 to %d", s.Talks, maxTalks)
	case s.Encapsulation > GRE:
		return fmt.Errorf("traffic: encapsulation %d: want erspan2, erspan3 or gre", s.Encapsulation)
	case !s.Exporter.Is4() || !s.Collector.Is4():
		return errors.New("traffic: exporter and collector: want IPv4 addresses")
	}
	return nil
}
