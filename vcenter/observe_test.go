package vcenter

import (
	"testing"

	"github.com/vmware/govmomi/simulator"

	"github.com/vspan-io/vspan/vcenter/sim"
)

func TestDump(t *testing.T) {
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	sw := observe(t, c)
	t.Logf("%+v", c.Health())
	for _, p := range sw.Ports {
		t.Logf("%+v", p)
	}
	sw.Ports = nil
	t.Logf("%+v", sw)
}

func TestDumpStock(t *testing.T) {
	c := startClient(t, startStock(t, simulator.VPX()))
	sw := observe(t, c)
	t.Logf("%+v", c.Health())
	for _, p := range sw.Ports {
		t.Logf("%+v", p)
	}
	sw.Ports = nil
	t.Logf("%+v", sw)
}
