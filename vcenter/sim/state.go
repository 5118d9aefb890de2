package sim

// State is what the simulated vCenter and its hosts look like at one moment.
type State struct {
	Switch   SwitchState    `json:"switch"`
	Emit     string         `json:"emit"`
	Hosts    []HostState    `json:"hosts"`
	VMs      []VMState      `json:"vms"`
	Sessions []SessionState `json:"sessions"`
	Counters Counters       `json:"counters"`
}

// SwitchState describes the distributed switch.
type SwitchState struct {
	Name          string `json:"name"`
	UUID          string `json:"uuid"`
	ConfigVersion string `json:"configVersion"`
}

// HostState describes one host.
type HostState struct {
	Name       string   `json:"name"`
	Address    string   `json:"address"` // outer source of its mirror packets
	Connected  bool     `json:"connected"`
	PathBroken bool     `json:"pathBroken"`
	Path       Path     `json:"path"`
	Emission   Emission `json:"emission"`
	Counters   Counters `json:"counters"`
}

// VMState describes one virtual machine.
type VMState struct {
	Name    string     `json:"name"`
	Host    string     `json:"host"`
	Powered bool       `json:"powered"`
	Quiet   bool       `json:"quiet"`
	Mute    bool       `json:"mute"`  // its guest answers no probes
	Tools   bool       `json:"tools"` // VMware Tools run in it
	NICs    []NICState `json:"nics"`
}

// NICState describes one network adapter of a virtual machine.
type NICState struct {
	Label     string `json:"label"`
	Key       int32  `json:"key"` // device key
	MAC       string `json:"mac"`
	IP        string `json:"ip"`
	IP6       string `json:"ip6"`
	PortKey   string `json:"portKey"`
	Portgroup string `json:"portgroup"`
	// What passed the port, as its counters say: in is from the machine.
	FramesIn  uint64 `json:"framesIn"`
	FramesOut uint64 `json:"framesOut"`
	BytesIn   uint64 `json:"bytesIn"`
	BytesOut  uint64 `json:"bytesOut"`
}

// SessionState is a VSPAN session as the switch stores it, with what was
// emitted for it.
type SessionState struct {
	Key string `json:"key"`
	SessionSpec
	Counters Counters `json:"counters"`
}

// Counters tell what became of the copies a session or a host made. Frames
// counts every copy that should be made; each ends in exactly one of Emitted,
// Lost, Broken, Refused, Unreachable or Failed.
type Counters struct {
	Frames      uint64 `json:"frames"`
	Emitted     uint64 `json:"emitted"`     // copies that left whole
	Packets     uint64 `json:"packets"`     // outer IP packets that left, fragments one by one
	Bytes       uint64 `json:"bytes"`       // outer IP bytes that left
	Lost        uint64 `json:"lost"`        // dropped on request, or in part, see Simulator.Loss and Path
	Broken      uint64 `json:"broken"`      // dropped because the path was broken
	Refused     uint64 `json:"refused"`     // destination is not a loopback address
	Unreachable uint64 `json:"unreachable"` // destination family cannot be sent to from here
	Failed      uint64 `json:"failed"`      // the socket answered with an error
	FromVM      uint64 `json:"fromVM"`      // of Emitted: frames the source sent
	ToVM        uint64 `json:"toVM"`        // of Emitted: frames the source received
}

// State describes everything at this moment.
func (s *Simulator) State() State {
	state := State{Emit: s.EmitDescription()}
	s.registry().WithLock(s.as(s.options.Username), s.dvs, func() {
		config := s.dvs.Config.GetDVSConfigInfo()
		state.Switch = SwitchState{Name: s.dvs.Name, UUID: s.dvs.Uuid, ConfigVersion: config.ConfigVersion}
	})
	f := s.fabric
	f.mu.Lock()
	defer f.mu.Unlock()
	state.Counters = f.totals
	for _, h := range f.sortedHosts() {
		state.Hosts = append(state.Hosts, HostState{
			Name: h.name, Address: h.address.String(), Connected: h.connected, PathBroken: h.broken, Path: h.path, Emission: h.emission,
			Counters: h.counters,
		})
	}
	for _, m := range f.sortedMachines() {
		state.VMs = append(state.VMs, m.state())
	}
	state.Sessions = []SessionState{}
	for _, m := range f.sortedMirrors() {
		if m.id.dvs == s.dvs.Self.Value {
			state.Sessions = append(state.Sessions, SessionState{Key: m.id.key, SessionSpec: specOf(m.session), Counters: m.counters})
		}
	}
	return state
}

// state describes the machine.
func (m *machine) state() VMState {
	v := VMState{Name: m.name, Powered: m.powered, Quiet: m.quiet, Mute: m.mute, Tools: !m.noTools, NICs: []NICState{}}
	if m.host != nil {
		v.Host = m.host.name
	}
	for _, n := range m.nics {
		c := &n.port.stats
		v.NICs = append(v.NICs, NICState{
			Label: n.label, Key: n.key, MAC: n.mac, IP: n.ip.String(), IP6: n.ip6().String(), PortKey: n.port.id.key, Portgroup: n.port.group.name,
			FramesIn:  uint64(c.PacketsInUnicast + c.PacketsInMulticast + c.PacketsInBroadcast),
			FramesOut: uint64(c.PacketsOutUnicast + c.PacketsOutMulticast + c.PacketsOutBroadcast),
			BytesIn:   uint64(c.BytesInUnicast + c.BytesInMulticast + c.BytesInBroadcast),
			BytesOut:  uint64(c.BytesOutUnicast + c.BytesOutMulticast + c.BytesOutBroadcast),
		})
	}
	return v
}
