package sim

import "time"

// TaskStage says when an injected task failure happens.
type TaskStage string

const (
	// BeforeApply fails the task and changes nothing.
	BeforeApply TaskStage = "before"
	// AfterApply makes the change and fails the task all the same.
	AfterApply TaskStage = "after"
)

// MoveVM moves a virtual machine to another host, as RelocateVM_Task does.
func (s *Simulator) MoveVM(vm, host string) error { return errNotBuilt }

// PowerVM powers a virtual machine on or off.
func (s *Simulator) PowerVM(vm string, on bool) error { return errNotBuilt }

// DeleteVM powers a virtual machine off and destroys it; its ports are free at once.
func (s *Simulator) DeleteVM(vm string) error { return errNotBuilt }

// AddNIC gives a virtual machine another adapter on the portgroup and returns its port key.
func (s *Simulator) AddNIC(vm, portgroup string) (string, error) { return "", errNotBuilt }

// ReassignPort makes the port with this key belong to the virtual machine. Whoever had it before gets a new port.
func (s *Simulator) ReassignPort(portKey, vm string) error { return errNotBuilt }

// DisconnectHost takes a host away: it is disconnected in vCenter and mirrors nothing.
func (s *Simulator) DisconnectHost(host string) error { return errNotBuilt }

// ReconnectHost undoes DisconnectHost.
func (s *Simulator) ReconnectHost(host string) error { return errNotBuilt }

// BreakPath drops every mirror packet of the host on its way; vCenter does not notice.
func (s *Simulator) BreakPath(host string) error { return errNotBuilt }

// MendPath undoes BreakPath.
func (s *Simulator) MendPath(host string) error { return errNotBuilt }

// Loss drops this share of the mirror packets, 0..1, by the seed.
func (s *Simulator) Loss(share float64) error { return errNotBuilt }

// Quiet stops or resumes the traffic of a virtual machine, in both directions.
func (s *Simulator) Quiet(vm string, quiet bool) error { return errNotBuilt }

// AddForeignSession adds a session as the user "somebody" would, and returns its key.
func (s *Simulator) AddForeignSession(spec SessionSpec) (string, error) { return "", errNotBuilt }

// EditSession changes a session by hand, as the user "somebody".
func (s *Simulator) EditSession(key string, edit func(*SessionSpec)) error { return errNotBuilt }

// RemoveSession removes a session by hand, as the user "somebody".
func (s *Simulator) RemoveSession(key string) error { return errNotBuilt }

// TaskDelay makes every following ReconfigureDvs_Task of a client take this long before it applies.
func (s *Simulator) TaskDelay(d time.Duration) error { return errNotBuilt }

// FailTask makes the next count ReconfigureDvs_Tasks of clients fail with a DvsFault, before or after applying.
func (s *Simulator) FailTask(stage TaskStage, count int) error { return errNotBuilt }

// SetPromiscuous allows or forbids promiscuous mode on a portgroup.
func (s *Simulator) SetPromiscuous(portgroup string, on bool) error { return errNotBuilt }

// ExpireLogins ends every client's login: its next call gives NotAuthenticated.
func (s *Simulator) ExpireLogins() int { return 0 }
