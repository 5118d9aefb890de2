package mirror

import "time"

// Verdict is what follows from the evidence. It never travels without its reason. The zero value is "no verdict yet".
type Verdict struct {
	State   State
	Reason  Reason
	Message string    // one sentence for a person
	Since   time.Time // when State and Reason became what they are
	At      time.Time // when it was last judged
}

// IsZero reports whether there is no verdict yet.
func (v Verdict) IsZero() bool { return v.State == NoVerdict }

// Next returns the verdict with the time since when it holds: that of the previous verdict if state and reason are the same.
func (v Verdict) Next(previous Verdict) Verdict {
	if v.State == previous.State && v.Reason == previous.Reason {
		v.Since = previous.Since
	} else {
		v.Since = v.At
	}
	return v
}

// State is the verdict in a word.
type State uint8

// The states.
const (
	NoVerdict  State = iota
	Pending          // not applied yet, or within the grace after apply or vMotion
	Delivering       // every source that moved traffic is being received
	Degraded         // received, but not as asked
	Idle             // nothing arrives, and the ports moved nothing: nothing to mirror
	Lost             // the ports moved traffic and nothing arrived: the path is broken
	Unverified       // somebody else's collector: cannot be seen from here
	Unknown          // cannot be judged
	Disabled
	Failed
	Expired
)

func (s State) String() string { return nameOf(stateNames, s) }

var stateNames = []string{
	NoVerdict: "", Pending: "pending", Delivering: "delivering", Degraded: "degraded", Idle: "idle", Lost: "lost",
	Unverified: "unverified", Unknown: "unknown", Disabled: "disabled", Failed: "failed", Expired: "expired",
}

// ParseState is the inverse of String; "" is NoVerdict.
func ParseState(s string) (State, error) {
	if s == "" {
		return NoVerdict, nil
	}
	return valueOf[State]("state", stateNames, s)
}

// States lists every state but NoVerdict, for metrics and documentation.
func States() []State { return all[State](stateNames) }

// Reason is why a verdict or a fault is what it is: one enumeration for JSON, metric label and log.
type Reason uint8

// The reasons, by the state or the phase they belong to.
const (
	NoReason Reason = iota

	// pending
	NotApplied
	WithinGrace
	// delivering
	PacketsSeen
	ProbeSeen
	// degraded
	SourceMissing
	SequenceGaps
	WrongEncapsulation
	WrongERSPANID
	TruncatedEarly
	UnlistedSource
	DirectionMissing
	LoopSuspected
	PartlyDelivered // fewer bytes arrive than the port's counters say it moved
	// idle
	SourcePortsIdle
	// lost
	PortsActiveNothingArrived
	WasDeliveringStopped
	ProbeUnseen
	// unverified
	ExternalDestination
	// unknown
	ReceiverDown
	ReceiverDropping
	VCenterUnreachable
	AmbiguousAttribution
	CountersUnavailable // nothing arrives and the port counters cannot be had, or do not move: idle or lost cannot be told apart
	// disabled, expired
	IsDisabled
	LifeOver
	// unknown: the mirror goes to the receiver of another daemon of this installation
	ReceivedElsewhere

	// failed: the spec cannot be placed
	SourceGone        // no such VM, NIC, portgroup or port, any more or ever
	SourceNotOnSwitch // the VM exists and has no adapter on a distributed switch
	SourceRefused     // vmkernel port, uplink, promiscuous port to-VM, the receiver's own VM
	SourceAmbiguous   // the name fits several
	SwitchNotFound
	SwitchAmbiguous // the sources are on several switches
	NotSupported    // the switch or this vspan cannot do what is asked
	NoReceiver      // destination "local" and the daemon receives nothing
	IDConflict      // the ERSPAN id asked for is in use at the same destination
	IDsExhausted
	// failed: the switch did not take it
	NotPersisted // the task succeeded and the read-back shows nothing
	ReadBackDiffers
	NoPermission
	NotAuthenticated
	ConcurrentAccess
	VCenterFault // a fault of vCenter without a word of its own here; the message has it
	DriftReported
	HostRefused
	SwitchGone    // the switch on which the session stood is there no more; one of the same name is another
	RemovalHeld   // too many sessions would go at once: see Plan.Held
	RecordDamaged // what was asked for cannot be read
	NotWriter     // another daemon changes this switch
)

func (r Reason) String() string { return nameOf(reasonNames, r) }

var reasonNames = []string{
	NoReason:   "",
	NotApplied: "not_applied", WithinGrace: "within_grace",
	PacketsSeen: "packets_seen", ProbeSeen: "probe_seen",
	SourceMissing: "source_missing", SequenceGaps: "sequence_gaps", WrongEncapsulation: "wrong_encapsulation",
	WrongERSPANID: "wrong_erspan_id", TruncatedEarly: "truncated_early", UnlistedSource: "unlisted_source",
	DirectionMissing: "direction_missing", LoopSuspected: "loop_suspected", PartlyDelivered: "partly_delivered",
	SourcePortsIdle:           "source_ports_idle",
	PortsActiveNothingArrived: "ports_active_nothing_arrived", WasDeliveringStopped: "was_delivering_stopped", ProbeUnseen: "probe_unseen",
	ExternalDestination: "external_destination",
	ReceiverDown:        "receiver_down", ReceiverDropping: "receiver_dropping", VCenterUnreachable: "vcenter_unreachable",
	AmbiguousAttribution: "ambiguous_attribution", CountersUnavailable: "counters_unavailable",
	IsDisabled: "disabled", LifeOver: "expired",
	SourceGone: "source_gone", SourceNotOnSwitch: "source_not_on_switch", SourceRefused: "source_refused",
	SourceAmbiguous: "source_ambiguous", SwitchNotFound: "switch_not_found", SwitchAmbiguous: "switch_ambiguous",
	NotSupported: "unsupported", NoReceiver: "no_receiver", IDConflict: "erspan_id_conflict", IDsExhausted: "erspan_ids_exhausted",
	NotPersisted: "not_persisted", ReadBackDiffers: "read_back_differs", NoPermission: "no_permission",
	NotAuthenticated: "not_authenticated", ConcurrentAccess: "concurrent_access", VCenterFault: "vcenter_fault",
	DriftReported: "drift_reported", HostRefused: "host_refused", SwitchGone: "switch_gone", RemovalHeld: "removal_held",
	RecordDamaged: "record_damaged", NotWriter: "not_writer", ReceivedElsewhere: "received_elsewhere",
}

// ParseReason is the inverse of String; "" is NoReason.
func ParseReason(s string) (Reason, error) {
	if s == "" {
		return NoReason, nil
	}
	return valueOf[Reason]("reason", reasonNames, s)
}

// Reasons lists every reason but NoReason, for metrics and documentation.
func Reasons() []Reason { return all[Reason](reasonNames) }

// CamelCase is the reason as conditions spell it: not_persisted becomes NotPersisted.
func (r Reason) CamelCase() string { return camelCase(r.String()) }
