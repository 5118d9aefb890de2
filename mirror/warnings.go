package mirror

import "fmt"

// warnings says what a person should know before the plan is carried out.
func (v view) warnings(s Session, p Planned) []string {
	var ws []string
	for _, src := range p.Sources {
		if src.Fault != nil {
			ws = append(ws, src.Fault.Error())
			continue
		}
		if !src.Port.Connected {
			ws = append(ws, fmt.Sprintf("port %s (%s, %s) is not connected: nothing is mirrored before the VM is powered on and its adapter connected", src.Port.Key, src.Port.VM, src.Port.NIC))
		}
		if n := v.othersMirroring(s.UID, src.Port.Key); n > 0 {
			ws = append(ws, fmt.Sprintf("port %s (%s) is already mirrored by %d other session(s)", src.Port.Key, src.Port.VM, n))
		}
	}
	if s.Spec.Encapsulation.Type.HasID() {
		if f := v.idConflict(s, p.Want.Destinations); f != nil {
			ws = append(ws, f.Error())
		}
	}
	if s.Spec.Destination.Receiver == "" {
		ws = append(ws, "the collector is somebody else's: whether the mirror arrives cannot be seen from here")
	}
	if s.Spec.SnapLength == 0 {
		ws = append(ws, fmt.Sprintf("whole frames grow by %d bytes of headers and leave the hosts as outer fragments where the path's MTU is 1500", Overhead(s.Spec.Encapsulation.Type)))
	}
	return ws
}

// othersMirroring counts the sessions on the switch, but for the one of that UID, that mirror a port.
func (v view) othersMirroring(uid, portKey string) int {
	n := 0
	for _, other := range v.mirroring[portKey] {
		if other != uid || other == "" {
			n++
		}
	}
	return n
}
