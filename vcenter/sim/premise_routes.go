package sim

import (
	"fmt"
	"net/http"
	"time"
)

// premiseRoutes are the routes that change what mirrors rest on.
func (s *Simulator) premiseRoutes() map[string]action {
	return map[string]action{
		"POST /hosts/{host}/vmkernel": with(func(r *http.Request, v VMKernel) (any, error) {
			return nil, s.SetVMKernel(r.PathValue("host"), v)
		}),
		"POST /hosts/{host}/hide-network": s.onHost(s.HideNetwork),
		"POST /portgroups/{name}/binding": with(func(r *http.Request, b struct{ Binding string }) (any, error) {
			return nil, s.SetBinding(r.PathValue("name"), b.Binding)
		}),
		"POST /vms/{vm}/sriov": with(func(r *http.Request, b struct{ Portgroup string }) (any, error) {
			return nil, s.AddSRIOV(r.PathValue("vm"), b.Portgroup)
		}),
		"POST /vms/{vm}/passthrough": with(func(r *http.Request, b struct{ Label string }) (any, error) {
			return nil, s.PassThrough(r.PathValue("vm"), b.Label)
		}),
		"POST /capability": with(func(_ *http.Request, c Capability) (any, error) {
			s.SetCapability(c)
			return nil, nil
		}),
		"POST /clock": with(func(_ *http.Request, b struct{ Ahead string }) (any, error) {
			d, err := time.ParseDuration(b.Ahead)
			if err != nil {
				return nil, fmt.Errorf("clock ahead by %q: %w", b.Ahead, err)
			}
			return nil, s.SetClock(d)
		}),
		"POST /users/{user}/deny": with(func(r *http.Request, b struct{ Privilege, Object string }) (any, error) {
			return nil, s.Deny(r.PathValue("user"), b.Privilege, b.Object)
		}),
	}
}
