package wire

import "time"

// Doctor is what was found out about everything that mirrors rest on.
type Doctor struct {
	Status string        `json:"status" enum:"ok,warning,failed,unknown" doc:"The worst of the checks"`
	ReadAt time.Time     `json:"readAt" doc:"When the oldest of what the checks rest on was read of a vCenter; the zero time when nothing was"`
	Items  []DoctorCheck `json:"items" doc:"What is worse comes first"`
}

// DoctorCheck is one thing that was looked at.
type DoctorCheck struct {
	Code    string        `json:"code" enum:"vcenter_reachable,vcenter_version,certificate,clock_skew,switch_found,privilege,excess_privilege,capability_l3_source,capability_erspan,capability_netstack,promiscuous,port_binding,direct_path,source_placed,host_connected,vmkernel,mtu,erspan_id,receiver_listening,receiver_path,receiver_address,reverse_path_filter,mirror_path,data_directory,installation"`
	VCenter string        `json:"vcenter" doc:"Name of the configured vCenter; empty for what is of the daemon's own machine"`
	Subject DoctorSubject `json:"subject"`
	Status  string        `json:"status" enum:"ok,warning,failed,unknown" doc:"unknown: it could not be looked at, which is never ok"`
	Message string        `json:"message" doc:"What was found, a sentence for a person"`
	Remedy  string        `json:"remedy" doc:"What to do about it; empty when the status is ok"`
}

// DoctorSubject is what a check is about: one thing, or several of which the same is to be said.
type DoctorSubject struct {
	Kind  string   `json:"kind" enum:"vcenter,switch,portgroup,host,vm,port,session,receiver,daemon"`
	Names []string `json:"names"`
}
