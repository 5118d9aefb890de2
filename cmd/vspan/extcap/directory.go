// Package extcap makes vspan's sessions interfaces of Wireshark's: what Wireshark asks an external capture program
// (https://www.wireshark.org/docs/wsdg_html_chunked/ChCaptureExtcap.html) and what vspan answers.
package extcap

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// Directory is what there is to capture, as of a time.
type Directory struct {
	Server   string    `json:"server"` // the daemon it is of
	At       time.Time `json:"at"`
	Sessions []Session `json:"sessions"`
	VMs      []string  `json:"vms"` // that can be mirrored, sorted
}

// Session is one that can be captured.
type Session struct {
	Name string `json:"name"`
	Of   string `json:"of"` // what it mirrors, for a person
}

// Bounds of a directory. Wireshark starts a process for each interface when it looks for them, and has a menu of the VMs.
const (
	maxSessions = 64
	maxVMs      = 5000
	maxName     = 256 // bytes
)

// Sessions asks a daemon for its sessions: when there are too many to show, the newest.
func Sessions(ctx context.Context, c *client.Client) ([]Session, error) {
	all, err := c.Sessions(ctx, client.Filter{})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(s wire.Session) bool { return s.Spec.Destination.Receiver == "" || !s.DeletedAt.IsZero() })
	slices.SortFunc(all, func(a, b wire.Session) int { return b.CreatedAt.Compare(a.CreatedAt) })
	list := []Session{}
	for _, s := range all[:min(len(all), maxSessions)] {
		list = append(list, Session{s.Name, sourcesOf(s.Spec.Sources)})
	}
	slices.SortFunc(list, func(a, b Session) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// sourcesOf is what a session mirrors, in short.
func sourcesOf(sources []wire.Source) string {
	if len(sources) == 0 {
		return ""
	}
	s := sources[0]
	text := "VMs"
	switch {
	case s.VM != "":
		text = "VM " + s.VM
	case s.Portgroup != "":
		text = "portgroup " + s.Portgroup
	case s.PortKey != "":
		text = "port " + s.PortKey
	}
	if more := len(sources) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// VMs asks a daemon for the VMs that have a port of a switch.
func VMs(ctx context.Context, c *client.Client) ([]string, error) {
	switches, err := c.Switches(ctx, client.Look{})
	if err != nil {
		return nil, err
	}
	vms := []string{}
	for _, sw := range switches {
		ports, err := c.Ports(ctx, sw.Name, "", client.Look{VCenter: sw.VCenter})
		if err != nil {
			return nil, err
		}
		for _, p := range ports {
			if p.VM != "" && len(p.VM) <= maxName {
				vms = append(vms, p.VM)
			}
		}
	}
	slices.Sort(vms)
	vms = slices.Compact(vms)
	return vms[:min(len(vms), maxVMs)], nil
}

// Ask asks a daemon for everything.
func Ask(ctx context.Context, c *client.Client) (d Directory, err error) {
	d = Directory{Server: c.String(), At: time.Now().UTC()}
	if d.Sessions, err = Sessions(ctx, c); err != nil {
		return d, err
	}
	d.VMs, err = VMs(ctx, c)
	return d, err
}

// sound is what of a directory can be believed, whoever wrote it.
func (d Directory) sound() Directory {
	d.Sessions = slices.DeleteFunc(d.Sessions, func(s Session) bool { return !mirror.ValidName(s.Name) || len(s.Of) > 2*maxName })
	d.Sessions = d.Sessions[:min(len(d.Sessions), maxSessions)]
	d.VMs = slices.DeleteFunc(d.VMs, func(vm string) bool { return vm == "" || len(vm) > maxName || strings.ContainsRune(vm, 0) })
	d.VMs = d.VMs[:min(len(d.VMs), maxVMs)]
	return d
}
