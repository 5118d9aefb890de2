package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vspan-io/vspan/mirror/doctor"
)

// receiverFacts are what the API shows of the receiver, as a doctor reads it.
func (d *Daemon) receiverFacts() doctor.Receiver {
	shown := d.reception.describe()[0]
	r := doctor.Receiver{
		Known: true, Off: d.reception.off, Up: shown.Up, Kind: shown.Kind, Interface: shown.Interface, Worse: shown.Reason, Warnings: shown.Warnings,
		Addresses: shown.Addresses, Datagrams: shown.Datagrams, Dropped: shown.KernelDropped,
	}
	if !shown.Up {
		r.Reason = shown.Message
	}
	if why := shown.DropFilter.Reason; why != "" && shown.Datagrams > 0 && !d.config.Receiver.LeaveToStack { // it begins with the first mirror
		r.Warnings = append(r.Warnings[:len(r.Warnings):len(r.Warnings)], why)
	}
	return r
}

// machineFacts lists the interfaces of this machine.
func machineFacts() doctor.Machine {
	interfaces, err := net.Interfaces()
	if err != nil {
		return doctor.Machine{Fault: err.Error()}
	}
	var m doctor.Machine
	for _, i := range interfaces {
		fact := doctor.Interface{Name: i.Name, ReversePath: reversePath(i.Name)}
		addresses, err := i.Addrs()
		if err != nil {
			m.Fault = fmt.Sprintf("the addresses of %s: %v", i.Name, err)
			continue
		}
		for _, a := range addresses {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				fact.Addresses = append(fact.Addresses, p.Addr().Unmap().WithZone(""))
			}
		}
		m.Interfaces = append(m.Interfaces, fact)
	}
	return m
}

// reversePath is the reverse path filter in force on an interface: the stricter of its own and of all (Documentation/networking/
// ip-sysctl.rst, rp_filter: "the max value from conf/{all,interface}/rp_filter is used"); nil when it cannot be read.
func reversePath(name string) *int {
	most := -1
	for _, of := range []string{"all", name} {
		text, err := os.ReadFile(filepath.Join("/proc/sys/net/ipv4/conf", of, "rp_filter"))
		if err != nil {
			return nil
		}
		n, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return nil
		}
		most = max(most, n)
	}
	return &most
}

// stateFacts say where the state is kept, without opening it.
func (c Config) stateFacts() doctor.State {
	s := doctor.State{Known: true, Directory: c.DataDir, Where: c.DataDir}
	switch {
	case c.Etcd != nil:
		s.Where = fmt.Sprintf("etcd at %v", c.Etcd.Endpoints)
	case c.DataDir == "":
		s.Where = "memory"
	}
	if c.DataDir == "" {
		return s
	}
	at := c.DataDir
	info, err := os.Stat(at)
	switch {
	case errors.Is(err, fs.ErrNotExist): // it is made on the first start
		for errors.Is(err, fs.ErrNotExist) && at != filepath.Dir(at) {
			at = filepath.Dir(at)
			_, err = os.Stat(at)
		}
	case err != nil:
		s.Fault = fmt.Sprintf("the data directory cannot be looked at: %v", err)
		return s
	case !info.IsDir():
		s.Fault = c.DataDir + " is no directory"
		return s
	default:
		s.Mode = uint32(info.Mode().Perm())
	}
	if free, _, err := space(at); err == nil {
		s.FreeBytes = &free
	}
	return s
}
