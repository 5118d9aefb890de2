package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vspan-io/vspan/mirror"
)

// of returns the rights on those objects that matter to a session on the switches.
func (r Rights) of(switches []mirror.Switch, s Session) Rights {
	matters := make(map[string]bool)
	for _, sw := range switches {
		matters[sw.Name] = true
		for _, h := range sw.Hosts {
			matters[h.Name] = true
		}
	}
	for _, p := range s.Sources {
		matters[p.Port.VM], matters[p.Port.Portgroup] = true, true
	}
	r.Objects = slices.DeleteFunc(slices.Clone(r.Objects), func(o Right) bool { return !matters[o.Name] })
	return r
}

// rights checks what the user may do: whatever is missing is named one by one.
func (x *examination) rights(v VCenter) {
	if v.Rights.Fault != "" || len(v.Rights.Objects) == 0 {
		text := v.Rights.Fault
		if text == "" {
			text = "vCenter was not asked"
		}
		const remedy = "compare his role with what is needed: DVSwitch.Vspan on the switches, System.Read and System.View on switches, hosts, portgroups and VMs"
		x.note(Privilege, v.Name, VCenterKind, v.Name, Unknown, "what the user may do is not known: "+text, remedy)
		x.note(ExcessPrivilege, v.Name, VCenterKind, v.Name, Unknown, "what the user may do is not known: "+text, remedy)
		return
	}
	lacking := false
	for _, o := range v.Rights.Objects {
		for _, privilege := range o.Lacks {
			lacking = true
			x.note(Privilege, v.Name, o.Kind, o.Name, Failed, fmt.Sprintf("%s lacks %s there: %s", v.User, privilege, harm(privilege)), grant(privilege))
		}
	}
	for _, sw := range v.Switches {
		if !slices.ContainsFunc(v.Rights.Objects, func(o Right) bool { return o.Kind == SwitchKind && o.Name == sw.Name }) {
			lacking = true
			x.note(Privilege, v.Name, SwitchKind, sw.Name, Unknown, "whether "+v.User+" may mirror there was not asked", "ask again: 'vspan doctor --fresh'")
		}
	}
	if !lacking {
		x.note(Privilege, v.Name, VCenterKind, v.Name, OK, fmt.Sprintf("%s has what is needed on %s", v.User, v.Rights.count()), "")
	}
	x.excess(v)
}

// count says on how many objects of each kind the user was asked about.
func (r Rights) count() string {
	n := make(map[Kind]int)
	for _, o := range r.Objects {
		n[o.Kind]++
	}
	var parts []string
	for _, k := range []Kind{SwitchKind, HostKind, PortgroupKind, VMKind} {
		if n[k] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[k], k.words(n[k])))
		}
	}
	text := strings.Join(parts, ", ")
	if r.Left > 0 {
		text += fmt.Sprintf("; %d more were not asked about", r.Left)
	}
	return text
}

// harm says what comes of a missing privilege.
func harm(privilege string) string {
	if strings.HasPrefix(privilege, "System.") {
		return "what cannot be read cannot be mirrored, and packets from it confirm nothing"
	}
	return "no mirror can be made, changed or taken down"
}

func grant(privilege string) string {
	if strings.HasPrefix(privilege, "System.") {
		return "give the user the role Read-only there, or on the datacenter with propagation"
	}
	return "give the user a role with " + privilege + " (Distributed switch > VSPAN operation) there, with propagation"
}

// excess checks for more rights than are needed: what leaks with the password.
func (x *examination) excess(v VCenter) {
	beyond := make(map[string]bool)
	for _, o := range v.Rights.Objects {
		for _, p := range o.Beyond {
			beyond[p] = true
		}
	}
	if len(beyond) == 0 {
		x.note(ExcessPrivilege, v.Name, VCenterKind, v.Name, OK, v.User+" has no right that vspan does not need, of those it asked about", "")
		return
	}
	names := make([]string, 0, len(beyond))
	for p := range beyond {
		names = append(names, p)
	}
	slices.Sort(names)
	like := ""
	if beyond["Authorization.ModifyPermissions"] {
		like = ", as an administrator has"
	}
	x.note(ExcessPrivilege, v.Name, VCenterKind, v.Name, Warning, fmt.Sprintf("%s has more than is needed%s: %s", v.User, like, strings.Join(names, ", ")),
		"use a user of its own with DVSwitch.Vspan on the switches and Read-only on the datacenter, and nothing else")
}

// hidden checks for what is on the switches and cannot be seen.
func (x *examination) hidden(v VCenter) {
	const remedy = "give the user Read-only on the datacenter, with propagation"
	for _, sw := range v.Switches {
		if n := sw.HiddenHosts; n > 0 {
			x.note(Privilege, v.Name, SwitchKind, sw.Name, Failed,
				fmt.Sprintf("%d host(s) of the switch cannot be seen: mirror packets from them would confirm nothing", n), remedy)
		}
		n := 0
		for _, p := range sw.Ports {
			if p.Connectee == mirror.VMNIC && p.VMID != "" && p.VM == "" {
				n++
			}
		}
		if n > 0 && x.about == nil {
			x.note(Privilege, v.Name, SwitchKind, sw.Name, Warning, fmt.Sprintf("%d port(s) have VMs that cannot be seen: those cannot be named as sources", n), remedy)
		}
	}
}
