package mirror_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

func TestConditions(t *testing.T) {
	gone := mirror.Faultf(mirror.SourceGone, `VM "a"`, "is gone")
	down := mirror.Faultf(mirror.VCenterUnreachable, "", "no answer")
	over := mirror.Faultf(mirror.LifeOver, "", "over")
	delivering := mirror.Verdict{State: mirror.Delivering, Reason: mirror.PacketsSeen}
	for _, c := range []struct {
		name string
		p    mirror.Placement
		v    mirror.Verdict
		want string
	}{
		{"nothing known", mirror.Placement{}, mirror.Verdict{}, "Accepted=Unknown NotApplied, Applied=Unknown NotApplied, Delivering=Unknown NotApplied, Ready=Unknown NotApplied"},
		{"delivers", mirror.Placement{At: noon, Accepted: true, Applied: true}, delivering, "Accepted=True Accepted, Applied=True ReadBack, Delivering=True PacketsSeen, Ready=True PacketsSeen"},
		{"lost", mirror.Placement{At: noon, Accepted: true, Applied: true}, mirror.Verdict{State: mirror.Lost, Reason: mirror.PortsActiveNothingArrived}, "Accepted=True Accepted, Applied=True ReadBack, Delivering=False PortsActiveNothingArrived, Ready=False PortsActiveNothingArrived"},
		{"a stranger's collector", mirror.Placement{At: noon, Accepted: true, Applied: true}, mirror.Verdict{State: mirror.Unverified, Reason: mirror.ExternalDestination}, "Accepted=True Accepted, Applied=True ReadBack, Delivering=Unknown ExternalDestination, Ready=True ExternalDestination"},
		{"another daemon's receiver", mirror.Placement{At: noon, Accepted: true, Applied: true}, mirror.Verdict{State: mirror.Unknown, Reason: mirror.ReceivedElsewhere}, "Accepted=True Accepted, Applied=True ReadBack, Delivering=Unknown ReceivedElsewhere, Ready=Unknown ReceivedElsewhere"},
		{"cannot be placed", mirror.Placement{At: noon, Fault: gone}, mirror.Verdict{State: mirror.Failed, Reason: mirror.SourceGone}, "Accepted=False SourceGone, Applied=False SourceGone, Delivering=False SourceGone, Ready=False SourceGone"},
		{"not kept", mirror.Placement{At: noon, Accepted: true, Fault: mirror.Faultf(mirror.NotPersisted, "", "")}, mirror.Verdict{State: mirror.Failed, Reason: mirror.NotPersisted}, "Accepted=True Accepted, Applied=False NotPersisted, Delivering=False NotPersisted, Ready=False NotPersisted"},
		{"vCenter down from the start", mirror.Placement{At: noon, Fault: down}, mirror.Verdict{State: mirror.Pending, Reason: mirror.NotApplied}, "Accepted=Unknown VcenterUnreachable, Applied=Unknown VcenterUnreachable, Delivering=Unknown NotApplied, Ready=Unknown VcenterUnreachable"},
		{"vCenter down since", mirror.Placement{At: noon, Accepted: true, Applied: true, Fault: down}, delivering, "Accepted=True Accepted, Applied=True ReadBack, Delivering=True PacketsSeen, Ready=True PacketsSeen"},
		{"over", mirror.Placement{At: noon, Accepted: true, Fault: over}, mirror.Verdict{State: mirror.Expired, Reason: mirror.LifeOver}, "Accepted=True Accepted, Applied=False Expired, Delivering=False Expired, Ready=False Expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			for i, condition := range mirror.Conditions(c.p, c.v, nil, noon) {
				if i > 0 {
					got += ", "
				}
				got += fmt.Sprintf("%s=%s %s", condition.Type, condition.Status, condition.Reason)
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestConditionsKeepTheirTransition(t *testing.T) {
	p := mirror.Placement{At: noon, Accepted: true, Applied: true}
	first := mirror.Conditions(p, mirror.Verdict{State: mirror.Delivering, Reason: mirror.PacketsSeen}, nil, noon)
	later := mirror.Conditions(p, mirror.Verdict{State: mirror.Lost, Reason: mirror.WasDeliveringStopped}, first, noon.Add(time.Minute))
	for i, want := range []time.Time{noon, noon, noon.Add(time.Minute), noon.Add(time.Minute)} {
		if !later[i].LastTransition.Equal(want) {
			t.Errorf("%s: %v, want %v", later[i].Type, later[i].LastTransition, want)
		}
	}
}

func TestVerdictSince(t *testing.T) {
	first := mirror.Verdict{State: mirror.Delivering, Reason: mirror.PacketsSeen, At: noon}.Next(mirror.Verdict{})
	second := mirror.Verdict{State: mirror.Delivering, Reason: mirror.PacketsSeen, At: noon.Add(time.Second)}.Next(first)
	third := mirror.Verdict{State: mirror.Delivering, Reason: mirror.ProbeSeen, At: noon.Add(2 * time.Second)}.Next(second)
	if !first.Since.Equal(noon) || !second.Since.Equal(noon) || !third.Since.Equal(noon.Add(2*time.Second)) {
		t.Errorf("%v, %v, %v", first.Since, second.Since, third.Since)
	}
}
