package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/vspan-io/vspan/api/wire"
)

// printDryRun prints what would be done: the last page of vSphere's wizard, and what it does not say.
func printDryRun(w io.Writer, d wire.DryRun) error {
	p := newPage(w)
	p.fact("Session", d.Session.Name)
	p.fact("Switch", fmt.Sprintf("%s of vCenter %s, config version %s", d.Plan.Switch.Name, d.Plan.Switch.VCenter, d.Plan.Switch.ConfigVersion))
	for _, op := range d.Plan.Operations {
		printOperation(p, op)
	}
	if len(d.Plan.Operations) == 0 {
		p.fact("Change", "none: the switch is as asked")
	}
	if err := printPlannedSources(p, d.Plan.Sources); err != nil {
		return err
	}
	if len(d.Plan.Warnings) > 0 {
		fmt.Fprintln(w)
	}
	for _, warning := range d.Plan.Warnings {
		p.fact("Warning", warning)
	}
	if err := p.w.Flush(); err != nil || len(d.Checks) == 0 {
		return err
	}
	fmt.Fprintln(w)
	return printDoctor(w, d.Checks)
}

func printOperation(p page, op wire.Operation) {
	s := op.Session
	p.fact("Change", fmt.Sprintf("%s %q: %s", op.Operation, s.Name, op.Why))
	if op.Operation == "remove" {
		return
	}
	enabled := "enabled"
	if !s.Enabled {
		enabled = "disabled"
	}
	p.fact("Type", s.Type+", "+enabled)
	encapsulation := s.Encapsulation
	if s.ERSPANID != 0 {
		encapsulation += fmt.Sprintf(", id %d", s.ERSPANID)
	}
	p.fact("Encapsulation", encapsulation)
	p.fact("Destination", strings.Join(s.Destinations, ", "))
	p.fact("Description", s.Description)
}

func printPlannedSources(p page, sources []wire.PlannedSource) error {
	if len(sources) == 0 {
		return p.w.Flush()
	}
	t, err := p.section("PORT", "VM", "NIC", "MAC", "PORTGROUP", "HOST", "DIRECTION", "CONNECTED", "FAULT")
	if err != nil {
		return err
	}
	for _, s := range sources {
		fault := ""
		if s.Fault != nil {
			fault = fmt.Sprintf("%s: %s: %s", s.Source, s.Fault.Reason, s.Fault.Message)
		}
		t.row(s.PortKey, s.VM, s.NIC, s.MAC, s.Portgroup, s.Host, s.Direction, yes(s.Connected), fault)
	}
	return t.flush()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
