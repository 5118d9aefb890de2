package vcenter

import "github.com/vmware/govmomi/vim25/types"

// promiscuous reports whether a port setting allows promiscuous mode, and whether it says so itself rather than by inheritance.
// Both of the policies that can are read: securityPolicy, and macManagementPolicy, which replaced it with API 6.7.
func promiscuous(setting types.BaseDVPortSetting) (allowed, said bool) {
	s, ok := setting.(*types.VMwareDVSPortSetting)
	if !ok || s == nil {
		return false, false
	}
	if m := s.MacManagementPolicy; m != nil && m.AllowPromiscuous != nil {
		allowed, said = *m.AllowPromiscuous, true
	}
	if p := s.SecurityPolicy; p != nil && p.AllowPromiscuous != nil && p.AllowPromiscuous.Value != nil {
		allowed, said = allowed || *p.AllowPromiscuous.Value, true
	}
	return allowed, said
}
