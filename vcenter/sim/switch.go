package sim

import (
	"strconv"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// dvSwitch is what clients see in place of vcsim's switch. It holds no data of
// its own: all of it stays in the embedded object, which vcsim goes on using.
// The embedded pointer must be the first field, vcsim looks for it there.
type dvSwitch struct {
	*simulator.DistributedVirtualSwitch

	sim *Simulator
}

// furnishSwitch gives the switch the version, limits and capabilities of a real one.
func (s *Simulator) furnishSwitch() {
	if s.options.Stock {
		return
	}
	yes, no := types.NewBool(true), types.NewBool(false)
	product := types.DistributedVirtualSwitchProductSpec{
		Name: "DVS", Vendor: "VMware, Inc.", Version: "8.0.3", Build: "24022515", ForwardingClass: "etherswitch",
	}
	s.dvs.Summary.ProductInfo = &product
	s.dvs.Capability = types.DVSCapability{
		DvsOperationSupported: yes, DvPortGroupOperationSupported: yes, DvPortOperationSupported: yes,
		FeaturesSupported: &types.VMwareDVSFeatureCapability{
			VspanSupported: yes, LldpSupported: yes, NsxSupported: no,
			VspanCapability: &types.VMwareDVSVspanCapability{
				MixedDestSupported: false, DvportSupported: true, RemoteSourceSupported: true,
				RemoteDestSupported: true, EncapRemoteSourceSupported: true,
				ErspanProtocolSupported: yes, MirrorNetstackSupported: yes,
			},
		},
	}
	config := s.dvs.Config.(*types.VMwareDVSConfigInfo)
	config.ConfigVersion, config.ProductInfo = "1", product
	config.MaxMtu, config.CreateTime, config.MaxPorts = 9000, time.Now(), 8000
	config.UplinkPortPolicy = &types.DVSNameArrayUplinkPortPolicy{UplinkPortName: []string{"Uplink 1"}}
	config.DefaultPortConfig = portSetting(0)
	s.dvs.Runtime = &types.DVSRuntimeInfo{}
	for _, h := range s.fabric.sortedHosts() {
		s.dvs.Runtime.HostMemberRuntime = append(s.dvs.Runtime.HostMemberRuntime, types.HostMemberRuntimeInfo{
			Host: h.ref, Status: string(types.DistributedVirtualSwitchHostMemberHostComponentStateUp),
		})
		config.Host = append(config.Host, types.DistributedVirtualSwitchHostMember{
			Config: types.DistributedVirtualSwitchHostMemberConfigInfo{
				Host: &h.ref, MaxProxySwitchPorts: 512, Backing: &types.DistributedVirtualSwitchHostMemberPnicBacking{},
			},
			ProductInfo: &product, Status: string(types.DistributedVirtualSwitchHostMemberHostComponentStateUp),
		})
		s.dvs.Summary.Host = append(s.dvs.Summary.Host, h.ref)
	}
	for _, ref := range s.dvs.Portgroup {
		if g := s.fabric.groups[ref.Value]; g != nil && g.uplink {
			config.UplinkPortgroup = append(config.UplinkPortgroup, ref)
		}
	}
}

// ReconfigureDvsTask applies a specification as vCenter does: in a task, guarded
// by the configuration version, all of it or nothing.
func (d *dvSwitch) ReconfigureDvsTask(ctx *simulator.Context, req *types.ReconfigureDvs_Task) soap.HasFault {
	base := req.Spec.GetDVSConfigSpec()
	if len(base.Host) > 0 {
		if spec, ok := req.Spec.(*types.VMwareDVSConfigSpec); ok && len(spec.VspanConfigSpec) > 0 {
			return &methods.ReconfigureDvs_TaskBody{Fault_: simulator.Fault("", &types.NotSupported{})}
		}
		return d.DistributedVirtualSwitch.ReconfigureDvsTask(ctx, req)
	}
	trouble := d.sim.trouble.take()
	task := d.sim.startTask(ctx, d, "ReconfigureDvs_Task", "DistributedVirtualSwitch.reconfigure", func(own *simulator.Context) types.BaseMethodFault {
		if !d.sim.pause(trouble.delay) {
			return &types.RequestCanceled{}
		}
		if trouble.before {
			return injected("before applying")
		}
		var fault types.BaseMethodFault
		own.WithLock(d, func() { fault = d.reconfigure(own, req.Spec) })
		if fault == nil && trouble.after {
			return injected("after applying")
		}
		return fault
	})
	return &methods.ReconfigureDvs_TaskBody{Res: &types.ReconfigureDvs_TaskResponse{Returnval: task}}
}

// injected is the fault of a task that was told to fail.
func injected(when string) types.BaseMethodFault {
	return &types.DvsFault{VimFault: types.VimFault{MethodFault: types.MethodFault{
		FaultMessage: []types.LocalizableMessage{{Key: "vspan.sim.injected", Message: "failure injected " + when}},
	}}}
}

// reconfigure applies the specification; the switch is locked by ctx.
func (d *dvSwitch) reconfigure(ctx *simulator.Context, spec types.BaseDVSConfigSpec) types.BaseMethodFault {
	config, ok := d.Config.(*types.VMwareDVSConfigInfo)
	if !ok {
		return &types.NotSupported{}
	}
	base := spec.GetDVSConfigSpec()
	if base.ConfigVersion == "" || base.ConfigVersion != config.ConfigVersion {
		return &types.ConcurrentAccess{}
	}
	next := *config
	if base.Description != "" {
		next.Description = base.Description
	}
	if vmware, ok := spec.(*types.VMwareDVSConfigSpec); ok {
		if vmware.MaxMtu != 0 {
			next.MaxMtu = vmware.MaxMtu
		}
		sessions, fault := d.sim.applySessions(d.Self.Value, config.VspanSession, vmware.VspanConfigSpec)
		if fault != nil {
			return fault
		}
		next.VspanSession = sessions
	}
	next.ConfigVersion = nextVersion(config.ConfigVersion)
	ctx.Update(d.DistributedVirtualSwitch, []types.PropertyChange{{Name: "config", Val: &next}})
	d.sim.mirror(d.Self.Value, next.VspanSession)
	d.announce(ctx, spec)
	return nil
}

// nextVersion is the version after this one.
func nextVersion(version string) string {
	n, err := strconv.Atoi(version)
	if err != nil {
		return "1" // a switch that vcsim made has no version yet
	}
	return strconv.Itoa(n + 1)
}

// announce posts DvsReconfiguredEvent in the name of the caller.
func (d *dvSwitch) announce(ctx *simulator.Context, spec types.BaseDVSConfigSpec) {
	event := &types.DvsReconfiguredEvent{ConfigSpec: spec}
	event.Dvs = &types.DvsEventArgument{EntityEventArgument: types.EntityEventArgument{Name: d.Name}, Dvs: d.Self}
	if dc, ok := ctx.Map.Any("Datacenter").(*simulator.Datacenter); ok {
		event.Datacenter = &types.DatacenterEventArgument{
			EntityEventArgument: types.EntityEventArgument{Name: dc.Name}, Datacenter: dc.Self,
		}
	}
	d.sim.post(ctx, event)
}
