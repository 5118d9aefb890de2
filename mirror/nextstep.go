package mirror

// NextStep is what a person can do about a verdict or a fault of this reason, in one sentence; "" where there is nothing to do.
func (r Reason) NextStep() string {
	if int(r) < len(nextSteps) {
		return nextSteps[r]
	}
	return ""
}

var nextSteps = []string{
	NotApplied:  "Wait for the next try; if it does not come about, look at what was done to the session and at the fault it names.",
	WithinGrace: "Wait some seconds: packets may still be on their way.",

	SourceMissing:      "Look at the host of the missing source: its vmkernel route to the receiver, and the firewalls on that path.",
	SequenceGaps:       "Look for overload or errors on the path from the host to this machine; a mirror competes with the traffic it copies.",
	WrongEncapsulation: "Compare the session in the vSphere Client with what is expected: somebody changed it, or another device sends here.",
	WrongERSPANID:      "Compare the session's ERSPAN id on the switch with what is expected: somebody changed it, or another session sends here.",
	TruncatedEarly:     "Compare the session's mirrored packet length on the switch with what is asked for.",
	UnlistedSource:     "Find out whose the sender's address is: a host behind NAT, a vmkernel adapter vCenter does not list, or a forger.",
	DirectionMissing:   "Compare the session's sources on the switch, transmitted and received, with what is expected.",
	PartlyDelivered:    "Look for loss on the path from the host to this machine, and at its MTU: what is missing is more than counters can be wrong by.",
	LoopSuspected:      "Disable the session, and take the receiver's VM and the vmkernel adapter that sends the mirror out of its sources.",

	SourcePortsIdle: "Make traffic at the source, a ping will do, or wait for some.",

	PortsActiveNothingArrived: "Check that each host has a vmkernel adapter with a route to the receiver, and that protocol 47 (GRE) passes every firewall between.",
	WasDeliveringStopped:      "Look at what changed on the path from the host to the receiver at that time: routes, firewalls, the vmkernel adapter, a vMotion.",
	ProbeUnseen:               "Check that the probe reaches the VM; then the path from its host to the receiver, as for a mirror that never arrived.",

	ExternalDestination: "Ask whoever runs the collector whether it arrives.",

	ReceiverDown:         "Start the receiver again: its message says what it lacks (GET /v1/receivers).",
	ReceiverDropping:     "Give the receiver room: more workers, mode xdp, a snap length; or mirror less.",
	VCenterUnreachable:   "Look at the connection to vCenter: its address, certificate, user and password (vspan serve --check).",
	AmbiguousAttribution: "Give the sessions that mirror the same ports an encapsulation with an id (erspan2), or other receivers.",
	CountersUnavailable:  "Wait for the port's counters, or make traffic at the source; the host may be disconnected from vCenter.",

	IsDisabled:        "Enable it: vspan session enable.",
	LifeOver:          "Ask for it again, with a longer life.",
	ReceivedElsewhere: "Ask the daemon that receives it.",

	SourceGone:        "Name a source that exists; the VM, its adapter or its port is gone.",
	SourceNotOnSwitch: "Connect the VM's adapter to a portgroup of a distributed switch.",
	SourceRefused:     "Take this source out: it cannot be mirrored, or would mirror the mirror.",
	SourceAmbiguous:   "Name the source so that it fits one thing: with its switch, or by its port key.",
	SwitchNotFound:    "Name a switch that exists and that vspan's user may read.",
	SwitchAmbiguous:   "Ask for one session for each switch.",
	NotSupported:      "Ask for something that the switch can do, or upgrade the switch.",
	NoReceiver:        "Give the daemon a receiver, or the session a destination.",
	IDConflict:        "Leave the ERSPAN id out, so that a free one is taken, or end the other session.",
	IDsExhausted:      "End sessions, or give the receiver a second address.",
	NotPersisted:      "Look at vCenter's tasks and events for the switch: it said yes and did nothing.",
	ReadBackDiffers:   "Look who else changes the session on the switch: vCenter's events name the user.",
	NoPermission:      "Give vspan's user the privilege DVSwitch.Vspan on the switch.",
	NotAuthenticated:  "Check vspan's user and password on vCenter.",
	ConcurrentAccess:  "Look who else changes the switch all the time: vCenter's events name the user.",
	VCenterFault:      "Look at the fault and at vCenter's tasks for the switch.",
	DriftReported:     "Undo what was changed on the switch, or let vspan repair it (onDrift: repair).",
	HostRefused:       "Look at the host that refused: vCenter's tasks for the switch name it.",
	SwitchGone:        "Ask for the session anew: the switch it stood on exists no more.",
	RemovalHeld:       "Look at what would be removed, and let it happen if it is right: vspan switches release.",
	RecordDamaged:     "Ask for the session anew under its name; what stands on the switch shows what it was.",
	NotWriter:         "Ask the daemon that writes the switch (vspan switches).",
}
