package sim

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"
)

// routes are the control API.
func (s *Simulator) routes() map[string]action {
	return map[string]action{
		"GET /state": func(*http.Request) (any, error) { return s.State(), nil },

		"POST /vms/{vm}/move": with(func(r *http.Request, b struct{ Host string }) (any, error) {
			return nil, s.MoveVM(r.PathValue("vm"), b.Host)
		}),
		"POST /vms/{vm}/power": flag("on", func(r *http.Request, on bool) error { return s.PowerVM(r.PathValue("vm"), on) }),
		"POST /vms/{vm}/quiet": flag("quiet", func(r *http.Request, quiet bool) error { return s.Quiet(r.PathValue("vm"), quiet) }),
		"POST /vms/{vm}/mute":  flag("mute", func(r *http.Request, mute bool) error { return s.Mute(r.PathValue("vm"), mute) }),
		"POST /vms/{vm}/tools": flag("running", func(r *http.Request, on bool) error { return s.Tools(r.PathValue("vm"), on) }),
		"POST /vms/{vm}/nics": with(func(r *http.Request, b struct{ Portgroup string }) (any, error) {
			key, err := s.AddNIC(r.PathValue("vm"), b.Portgroup)
			return map[string]string{"portKey": key}, err
		}),
		"DELETE /vms/{vm}/nics/{port}": func(r *http.Request) (any, error) {
			return nil, s.RemoveNIC(r.PathValue("vm"), r.PathValue("port"))
		},
		"POST /vms/{vm}/rename": with(func(r *http.Request, b struct{ Name string }) (any, error) {
			return nil, s.RenameVM(r.PathValue("vm"), b.Name)
		}),
		"POST /vms/{vm}/folder": with(func(r *http.Request, b struct{ Folder string }) (any, error) {
			return nil, s.FileVM(r.PathValue("vm"), b.Folder)
		}),
		"POST /vms/{vm}/tags": with(func(r *http.Request, b struct{ Tag string }) (any, error) {
			return nil, s.TagVM(r.PathValue("vm"), b.Tag)
		}),
		"DELETE /vms/{vm}/tags/{tag}": func(r *http.Request) (any, error) {
			return nil, s.UntagVM(r.PathValue("vm"), r.PathValue("tag"))
		},
		"POST /hosts/{host}/tags": with(func(r *http.Request, b struct{ Tag string }) (any, error) {
			return nil, s.TagHost(r.PathValue("host"), b.Tag)
		}),
		"DELETE /hosts/{host}/tags/{tag}": func(r *http.Request) (any, error) {
			return nil, s.UntagHost(r.PathValue("host"), r.PathValue("tag"))
		},
		"DELETE /vms/{vm}": func(r *http.Request) (any, error) { return nil, s.DeleteVM(r.PathValue("vm")) },
		"POST /ports/{key}/reassign": with(func(r *http.Request, b struct{ VM string }) (any, error) {
			return nil, s.ReassignPort(r.PathValue("key"), b.VM)
		}),
		"POST /portgroups/{name}/promiscuous": flag("on", func(r *http.Request, on bool) error {
			return s.SetPromiscuous(r.PathValue("name"), on)
		}),

		"POST /hosts/{host}/disconnect": s.onHost(s.DisconnectHost),
		"POST /hosts/{host}/reconnect":  s.onHost(s.ReconnectHost),
		"POST /hosts/{host}/break":      s.onHost(s.BreakPath),
		"POST /hosts/{host}/mend":       s.onHost(s.MendPath),
		"PUT /hosts/{host}/path": with(func(r *http.Request, p Path) (any, error) {
			return nil, s.SetPath(r.PathValue("host"), p)
		}),
		"PUT /hosts/{host}/emission": with(func(r *http.Request, e Emission) (any, error) {
			return nil, s.SetEmission(r.PathValue("host"), e)
		}),
		"POST /stranger": with(func(_ *http.Request, b struct{ Address netip.Addr }) (any, error) {
			return nil, s.Impersonate(b.Address)
		}),
		"POST /carrier": with(func(_ *http.Request, b struct{ VM string }) (any, error) { return nil, s.Carry(b.VM) }),
		"POST /loss": with(func(_ *http.Request, b struct{ Share *float64 }) (any, error) {
			if b.Share == nil {
				return nil, fmt.Errorf("%q is missing", "share")
			}
			return nil, s.Loss(*b.Share)
		}),

		"GET /sessions":          func(*http.Request) (any, error) { return s.State().Sessions, nil },
		"POST /sessions":         s.postSession,
		"PATCH /sessions/{key}":  s.patchSession,
		"DELETE /sessions/{key}": func(r *http.Request) (any, error) { return nil, s.RemoveSession(r.PathValue("key")) },

		"POST /counters/refresh": with(func(_ *http.Request, b struct{ Every string }) (any, error) {
			every, err := time.ParseDuration(b.Every)
			if err != nil {
				return nil, fmt.Errorf("refresh of port counters %q: %w", b.Every, err)
			}
			return nil, s.CounterRefresh(every)
		}),
		"POST /counters/freeze": flag("frozen", func(_ *http.Request, frozen bool) error { return s.FreezeCounters(frozen) }),

		"POST /tasks/delay":   with(s.postDelay),
		"POST /tasks/fail":    s.postFail,
		"POST /logins/expire": func(*http.Request) (any, error) { return map[string]int{"ended": s.ExpireLogins()}, nil },
	}
}

// with decodes the body for the action.
func with[T any](act func(*http.Request, T) (any, error)) action {
	return func(r *http.Request) (any, error) {
		var body T
		if err := decode(r.Body, &body); err != nil {
			return nil, err
		}
		return act(r, body)
	}
}

// flag is an action whose body is one boolean, which must be there.
func flag(field string, act func(*http.Request, bool) error) action {
	return with(func(r *http.Request, body map[string]bool) (any, error) {
		value, there := body[field]
		if !there || len(body) != 1 {
			return nil, fmt.Errorf("want a body with the field %q, true or false, and no other", field)
		}
		return nil, act(r, value)
	})
}

func (s *Simulator) onHost(act func(string) error) action {
	return func(r *http.Request) (any, error) { return nil, act(r.PathValue("host")) }
}

// postSession adds a session; it is enabled unless the body says otherwise.
func (s *Simulator) postSession(r *http.Request) (any, error) {
	spec := SessionSpec{Enabled: true}
	if err := decode(r.Body, &spec); err != nil {
		return nil, err
	}
	key, err := s.AddForeignSession(spec)
	return map[string]string{"key": key}, err
}

// patchSession changes the fields that the body names and keeps the others.
func (s *Simulator) patchSession(r *http.Request) (any, error) {
	body, err := io.ReadAll(r.Body) // before the switch is locked
	if err != nil {
		return nil, fmt.Errorf("reading the request body: %w", err)
	}
	return nil, s.editSession(r.PathValue("key"), func(spec *SessionSpec) error {
		return decode(bytes.NewReader(body), spec)
	})
}

func (s *Simulator) postDelay(_ *http.Request, body struct{ Delay string }) (any, error) {
	d, err := time.ParseDuration(body.Delay)
	if err != nil {
		return nil, fmt.Errorf("task delay %q: %w", body.Delay, err)
	}
	return nil, s.TaskDelay(d)
}

// postFail makes one task fail unless the body names a count.
func (s *Simulator) postFail(r *http.Request) (any, error) {
	body := struct {
		Stage TaskStage
		Count int
	}{Count: 1}
	if err := decode(r.Body, &body); err != nil {
		return nil, err
	}
	return nil, s.FailTask(body.Stage, body.Count)
}
