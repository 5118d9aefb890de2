package mirror_test

import (
	"fmt"
	"testing"

	"github.com/vspan-io/vspan/mirror"
)

// BenchmarkPlan plans 500 sessions that stand on a switch of 10,000 ports.
func BenchmarkPlan(b *testing.B) {
	sw := dvs0()
	for i := range 10_000 {
		p := sw.Ports[0]
		p.Key, p.VM, p.VMID = fmt.Sprint(10_000+i), fmt.Sprintf("vm-%05d", i), fmt.Sprintf("id-%05d", i)
		sw.Ports = append(sw.Ports, p)
	}
	var sessions []mirror.Session
	for i := range 500 {
		sessions = append(sessions, session(fmt.Sprintf("s-%03d", i), fmt.Sprintf("vm-%05d", 20*i), uint16(i+1)))
	}
	w := wanted(sw, sessions...)
	w.Switch = carryOut(b, sw, mirror.MakePlan(w).Changes)
	b.ResetTimer()
	for b.Loop() {
		if plan := mirror.MakePlan(w); len(plan.Changes) > 0 {
			b.Fatal("not settled")
		}
	}
}
