package sim

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// hostSystem makes disconnecting a host visible: vcsim sets the state without
// telling property collectors.
type hostSystem struct {
	*simulator.HostSystem

	sim *Simulator
}

// DisconnectHostTask disconnects the host.
func (h *hostSystem) DisconnectHostTask(ctx *simulator.Context, _ *types.DisconnectHost_Task) soap.HasFault {
	return &methods.DisconnectHost_TaskBody{Res: &types.DisconnectHost_TaskResponse{
		Returnval: h.stateTask(ctx, "DisconnectHost_Task", "HostSystem.disconnect", false),
	}}
}

// ReconnectHostTask reconnects the host.
func (h *hostSystem) ReconnectHostTask(ctx *simulator.Context, _ *types.ReconnectHost_Task) soap.HasFault {
	return &methods.ReconnectHost_TaskBody{Res: &types.ReconnectHost_TaskResponse{
		Returnval: h.stateTask(ctx, "ReconnectHost_Task", "HostSystem.reconnect", true),
	}}
}

func (h *hostSystem) stateTask(ctx *simulator.Context, name, description string, connected bool) types.ManagedObjectReference {
	return h.sim.startTask(ctx, h, name, description, func(own *simulator.Context) types.BaseMethodFault {
		h.sim.connectHost(own, h.HostSystem, connected)
		return nil
	})
}

// connectHost sets the connection state of the host in vCenter and in the fabric.
func (s *Simulator) connectHost(ctx *simulator.Context, h *simulator.HostSystem, connected bool) {
	s.fabric.mu.Lock()
	if known := s.fabric.hosts[h.Self]; known != nil {
		known.connected = connected
	}
	s.fabric.mu.Unlock()
	state := types.HostSystemConnectionStateDisconnected
	if connected {
		state = types.HostSystemConnectionStateConnected
	}
	ctx.WithLock(h, func() {
		ctx.Update(h, []types.PropertyChange{
			{Name: "runtime.connectionState", Val: state},
			{Name: "summary.runtime.connectionState", Val: state},
		})
	})
	event := types.HostEvent{Event: types.Event{
		Host: &types.HostEventArgument{EntityEventArgument: types.EntityEventArgument{Name: h.Name}, Host: h.Self},
	}}
	if connected {
		s.post(ctx, &types.HostConnectedEvent{HostEvent: event})
		return
	}
	s.post(ctx, &types.HostDisconnectedEvent{HostEvent: event})
}

// DisconnectHost takes a host away: it is disconnected in vCenter, mirrors
// nothing, and the counters of its ports stand still.
func (s *Simulator) DisconnectHost(host string) error { return s.setConnected(host, false) }

// ReconnectHost undoes DisconnectHost.
func (s *Simulator) ReconnectHost(host string) error { return s.setConnected(host, true) }

func (s *Simulator) setConnected(name string, connected bool) error {
	h, err := s.hostSystem(name)
	if err != nil {
		return err
	}
	s.connectHost(s.as(s.options.Username), h, connected)
	s.settle()
	return nil
}

// hostSystem is vcsim's host of this name.
func (s *Simulator) hostSystem(name string) (*simulator.HostSystem, error) {
	s.fabric.mu.Lock()
	h := s.fabric.hostNamed(name)
	s.fabric.mu.Unlock()
	if h != nil {
		if entity, ok := s.registry().Get(h.ref).(*simulator.HostSystem); ok {
			return entity, nil
		}
	}
	return nil, fmt.Errorf("host %q: %w", name, ErrNotFound)
}

// BreakPath drops every mirror packet of the host on its way; vCenter does not
// notice.
func (s *Simulator) BreakPath(host string) error { return s.setBroken(host, true) }

// MendPath undoes BreakPath.
func (s *Simulator) MendPath(host string) error { return s.setBroken(host, false) }

func (s *Simulator) setBroken(name string, broken bool) error {
	return s.changeHost(name, func(h *host) { h.broken = broken })
}

// changeHost changes what the fabric knows of a host.
func (s *Simulator) changeHost(name string, change func(*host)) error {
	s.fabric.mu.Lock()
	h := s.fabric.hostNamed(name)
	if h != nil {
		change(h)
	}
	s.fabric.mu.Unlock()
	if h == nil {
		return fmt.Errorf("host %q: %w", name, ErrNotFound)
	}
	s.settle()
	return nil
}
