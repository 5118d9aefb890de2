package vcenter

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// directory remembers which object a switch's UUID is, so that not every call has to list them. It is only a hint: whoever reads
// the switch checks the UUID.
type directory struct {
	mu    sync.Mutex
	known map[string]SwitchName // by UUID
}

func (d *directory) replace(switches []SwitchName) {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.known)
	for _, s := range switches {
		d.known[s.ID.UUID] = s
	}
}

func (d *directory) find(uuid string) (SwitchName, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.known[uuid]
	return s, ok
}

// Switches lists the distributed switches that the user may see, by name, without their ports. It is one cheap call.
func (c *Client) Switches(ctx context.Context) ([]SwitchName, error) {
	var switches []SwitchName
	err := c.with(ctx, c.config.object()+", its switches", func(conn *connection) (err error) {
		switches, err = c.list(ctx, conn)
		return err
	})
	return switches, err
}

func (c *Client) list(ctx context.Context, conn *connection) ([]SwitchName, error) {
	// A real vCenter's switches are VmwareDistributedVirtualSwitch, a kind of DistributedVirtualSwitch; govmomi's simulator has the
	// latter.
	objects, err := conn.survey(ctx, kind("DistributedVirtualSwitch", "name", "uuid", "summary.productInfo"))
	if err != nil {
		return nil, err
	}
	switches := make([]SwitchName, 0, len(objects))
	for _, o := range objects {
		s := SwitchName{
			ID:      mirror.SwitchID{VCenter: c.config.Name, UUID: get[string](o, "uuid")},
			Name:    name(o),
			Version: get[types.DistributedVirtualSwitchProductSpec](o, "summary.productInfo").Version,
			ref:     o.ref,
		}
		if s.ID.UUID == "" {
			return nil, fmt.Errorf("switch %s has no UUID", o.ref.Value)
		}
		switches = append(switches, s)
	}
	slices.SortFunc(switches, func(a, b SwitchName) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID.UUID, b.ID.UUID))
	})
	c.switches.replace(switches)
	return switches, nil
}

// FindSwitch returns the switch of a name. The error of one that is missing names those that there are.
func (c *Client) FindSwitch(ctx context.Context, name string) (SwitchName, error) {
	switches, err := c.Switches(ctx)
	if err != nil {
		return SwitchName{}, err
	}
	var found []SwitchName
	for _, s := range switches {
		if s.Name == name {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return SwitchName{}, c.noSwitch(fmt.Sprintf("switch %q", name), switches)
	default:
		return SwitchName{}, mirror.Faultf(mirror.SwitchAmbiguous, fmt.Sprintf("switch %q", name), "several switches of %s bear this name", c.config.object())
	}
}

// locate finds the object of a switch.
func (c *Client) locate(ctx context.Context, conn *connection, id mirror.SwitchID) (SwitchName, error) {
	if id.VCenter != c.config.Name {
		return SwitchName{}, mirror.Faultf(mirror.SwitchNotFound, "switch "+id.UUID, "belongs to vCenter %q and was asked of %s", id.VCenter, c.config.object())
	}
	if s, ok := c.switches.find(id.UUID); ok {
		return s, nil
	}
	switches, err := c.list(ctx, conn)
	if err != nil {
		return SwitchName{}, err
	}
	if s, ok := c.switches.find(id.UUID); ok {
		return s, nil
	}
	return SwitchName{}, c.noSwitch("switch "+id.UUID, switches)
}

func (c *Client) noSwitch(object string, have []SwitchName) *mirror.Fault {
	names := make([]string, 0, len(have))
	for _, s := range have {
		names = append(names, fmt.Sprintf("%q (%s)", s.Name, s.ID.UUID))
	}
	there := "there is none that this user may see"
	if len(names) > 0 {
		there = "there is " + strings.Join(names, ", ")
	}
	return mirror.Faultf(mirror.SwitchNotFound, object, "%s has no such distributed switch; %s", c.config.object(), there)
}

// onSwitch calls f with a switch within a login. A switch that is not where it was remembered is looked up once more; f must only
// read.
func (c *Client) onSwitch(ctx context.Context, id mirror.SwitchID, f func(*connection, SwitchName) error) error {
	return c.with(ctx, c.object(id), func(conn *connection) error {
		s, err := c.locate(ctx, conn, id)
		if err != nil {
			return err
		}
		if err = f(conn, s); !vanished(err) {
			return err
		}
		c.switches.replace(nil)
		if s, err = c.locate(ctx, conn, id); err != nil {
			return err
		}
		return f(conn, s)
	})
}

// object names a switch in errors, by its name where that is known.
func (c *Client) object(id mirror.SwitchID) string {
	if s, ok := c.switches.find(id.UUID); ok && id.VCenter == c.config.Name {
		return fmt.Sprintf("switch %q", s.Name)
	}
	return "switch " + id.UUID
}
