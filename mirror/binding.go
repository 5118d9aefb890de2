package mirror

// Binding is how the ports of a portgroup belong to what is connected to them (DVPortgroupConfigInfo.type).
type Binding uint8

// The bindings. The zero value is "not said".
const (
	BindingUnsaid Binding = iota
	Static                // earlyBinding: a port keeps its key, also while the VM is off
	Dynamic               // lateBinding, deprecated: a port is given when the VM is powered on
	Ephemeral             // there is a port only while the VM is on
)

func (b Binding) String() string { return nameOf(bindingNames, b) }

var bindingNames = []string{BindingUnsaid: "unknown", Static: "static", Dynamic: "dynamic", Ephemeral: "ephemeral"}
