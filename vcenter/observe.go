package vcenter

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// Observe reads one switch completely: its configuration first, so that its ConfigVersion is never younger than what else was read,
// then everything connected to it. It is never partial: whatever cannot be read is an error.
//
// A port whose VM the user may not see has a VMID and no VM name.
func (c *Client) Observe(ctx context.Context, id mirror.SwitchID) (mirror.Switch, error) {
	var sw mirror.Switch
	err := c.onSwitch(ctx, id, func(conn *connection, name SwitchName) error {
		r, err := c.readSwitch(ctx, conn, name)
		if err != nil {
			return err
		}
		inv, err := c.takeInventory(ctx, conn)
		if err != nil {
			return err
		}
		sw, err = r.complete(ctx, conn, inv)
		return err
	})
	if err == nil {
		c.tags.tell(sw)
	}
	return sw, err
}

// ObserveAll reads every switch that the user may see, as Observe does; the inventory they share is read once.
func (c *Client) ObserveAll(ctx context.Context) ([]mirror.Switch, error) {
	var switches []mirror.Switch
	err := c.with(ctx, c.config.object()+", its switches", func(conn *connection) error {
		names, err := c.list(ctx, conn)
		if err != nil {
			return err
		}
		readings := make([]*reading, 0, len(names))
		for _, name := range names {
			r, err := c.readSwitch(ctx, conn, name)
			if err != nil {
				return fmt.Errorf("switch %q: %w", name.Name, err)
			}
			readings = append(readings, r)
		}
		inv, err := c.takeInventory(ctx, conn)
		if err != nil {
			return err
		}
		switches = make([]mirror.Switch, 0, len(readings))
		for _, r := range readings {
			sw, err := r.complete(ctx, conn, inv)
			if err != nil {
				return fmt.Errorf("switch %q: %w", r.sw.Name, err)
			}
			switches = append(switches, sw)
		}
		return nil
	})
	if err == nil {
		for _, sw := range switches {
			c.tags.tell(sw)
		}
	}
	return switches, err
}

// takeInventory reads what switches share.
func (c *Client) takeInventory(ctx context.Context, conn *connection) (*inventory, error) {
	inv, err := takeInventory(ctx, conn)
	if err != nil {
		return nil, err
	}
	return inv, c.takeTags(ctx, conn, inv)
}

// reading is a switch of which the configuration has been read.
type reading struct {
	ref    reference
	uuid   string
	sw     mirror.Switch
	groups []*portgroup
	hosts  []reference
}

// readSwitch reads a switch's configuration and its portgroups by one call.
func (c *Client) readSwitch(ctx context.Context, conn *connection, name SwitchName) (*reading, error) {
	now := time.Now()
	spec := exactly([]reference{name.ref},
		kind("DistributedVirtualSwitch", "name", "uuid", "config", "capability", "summary.hostMember"),
		kind("DistributedVirtualPortgroup", "key", "name", "config"))
	spec.ObjectSet[0].SelectSet = []types.BaseSelectionSpec{&types.TraversalSpec{Type: "DistributedVirtualSwitch", Path: "portgroup"}}
	objects, err := conn.retrieve(ctx, spec)
	if err != nil {
		return nil, err
	}
	r := &reading{ref: name.ref}
	for _, o := range objects {
		if o.ref == name.ref {
			err = r.configure(o, name.ID, now)
		} else {
			err = r.addGroup(o)
		}
		if err != nil {
			return nil, err
		}
	}
	if r.sw.ID != name.ID {
		c.switches.replace(nil)
		return nil, mirror.Faultf(mirror.SwitchNotFound, c.object(name.ID), "is not where it was: it was deleted, or restored as another")
	}
	r.markUplinks(objects)
	for _, g := range r.groups {
		r.sw.Portgroups = append(r.sw.Portgroups, g.Portgroup)
	}
	slices.SortFunc(r.sw.Portgroups, byName)
	return r, nil
}

// configure takes over the switch's own properties.
func (r *reading) configure(o object, id mirror.SwitchID, now time.Time) error {
	config, ok := as[types.VMwareDVSConfigInfo](o.value["config"])
	if !ok {
		return mirror.Faultf(mirror.NotSupported, fmt.Sprintf("switch %q", name(o)), "is not a VMware distributed switch: its configuration is %T", o.value["config"])
	}
	r.uuid = get[string](o, "uuid")
	r.sw = mirror.Switch{
		ID:            mirror.SwitchID{VCenter: id.VCenter, UUID: r.uuid},
		Name:          name(o),
		Version:       config.ProductInfo.Version,
		ConfigVersion: config.ConfigVersion,
		Capabilities:  capabilitiesOf(get[types.DVSCapability](o, "capability")),
		MTU:           int(config.MaxMtu),
		ReadAt:        now,
	}
	for _, s := range config.VspanSession {
		r.sw.Sessions = append(r.sw.Sessions, sessionOf(s))
	}
	for _, h := range config.Host {
		if h.Config.Host != nil {
			r.hosts = append(r.hosts, *h.Config.Host)
		}
	}
	for _, h := range get[types.ArrayOfManagedObjectReference](o, "summary.hostMember").ManagedObjectReference {
		if !slices.Contains(r.hosts, h) {
			r.hosts = append(r.hosts, h)
		}
	}
	return nil
}

// complete reads the ports and joins them with what is connected to them.
func (r *reading) complete(ctx context.Context, conn *connection, inv *inventory) (mirror.Switch, error) {
	at := time.Now()
	fetched, err := fetchPorts(ctx, conn, r.ref, types.DistributedVirtualSwitchPortCriteria{Connected: types.NewBool(true)})
	if err != nil {
		return mirror.Switch{}, err
	}
	var connected, groups []reference
	for _, p := range fetched {
		if p.Connectee != nil && p.Connectee.ConnectedEntity != nil {
			connected = append(connected, *p.Connectee.ConnectedEntity)
		}
	}
	for _, g := range r.groups {
		groups = append(groups, g.ref)
	}
	if err := inv.equip(ctx, conn, groups, connected); err != nil {
		return mirror.Switch{}, err
	}
	j := joinery{reading: r, inventory: inv, at: at}
	found := j.join(fetched)
	if len(fetched) == 0 {
		if found, err = j.guess(ctx, conn); err != nil {
			return mirror.Switch{}, err
		}
	}
	sw := r.sw
	sw.Ports, sw.Tagged = found, inv.tagged
	sw.OtherVMs = inv.others(found)
	for _, h := range r.hosts {
		// A host the user may not see is left out: nothing from it would be recognised, and nothing can be said of it.
		if host, ok := inv.hosts[h]; ok {
			sw.Hosts = append(sw.Hosts, host)
		} else {
			sw.HiddenHosts++
		}
	}
	slices.SortFunc(sw.Hosts, byHostName)
	return sw, nil
}

// others names the VMs without a port on the switch, sorted: those without an adapter on it, and those whose adapter has no port at
// this time, e.g. on an ephemeral portgroup while it is powered off. Templates are none: they cannot run.
func (inv *inventory) others(ports []mirror.Port) []string {
	on := make(map[string]bool, len(ports))
	for _, p := range ports {
		on[p.VMID] = true
	}
	var names []string
	for ref, v := range inv.vms {
		if !v.template && !on[ref.Value] {
			names = append(names, v.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
