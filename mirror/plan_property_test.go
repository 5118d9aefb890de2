package mirror_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vspan-io/vspan/mirror"
)

// TestPlanProperties draws switches and sessions and holds of every plan that: no foreign session is in it; carrying it out leaves nothing to
// do; then each session stands once at most, and only if it should; what stands mirrors no port but those asked for; and the
// same input gives the same plan.
func TestPlanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sw := dvs0()
		sessions := drawSessions(t)
		sw.Sessions = drawStanding(t, sw, sessions)
		w := wanted(sw, sessions...)
		w.Replace = map[string]bool{sessions[0].UID: rapid.Bool().Draw(t, "replace")}
		for _, s := range drawSessions(t) {
			s.UID += "-elsewhere"
			w.Elsewhere = map[string]string{s.UID: "moved"}
		}
		plan := mirror.MakePlan(w)
		if !reflect.DeepEqual(plan, mirror.MakePlan(w)) {
			t.Fatal("the same input gave two plans")
		}
		foreign := foreignOf(sw)
		for _, c := range plan.Changes {
			if _, is := foreign[c.Session.Key]; is && c.Operation != mirror.Add {
				t.Fatalf("%v of the foreign session %q", c.Operation, c.Session.Key)
			}
		}
		checkUrgent(t, sw, plan)
		w.Switch = carryOut(t, sw, plan.Next())
		w.Replace = nil
		for range 2 { // what was silenced or removed in haste is put right, and what that made room for is added
			w.Switch = carryOut(t, w.Switch, mirror.MakePlan(w).Next())
		}
		if !reflect.DeepEqual(foreign, foreignOf(w.Switch)) {
			t.Fatal("foreign sessions are not what they were")
		}
		again := mirror.MakePlan(w)
		if len(again.Changes) > 0 {
			t.Fatalf("not a fixpoint: %+v", again.Changes)
		}
		for i, p := range again.Sessions {
			checkStanding(t, w.Switch, sessions[i], p)
		}
	})
}

// checkUrgent: a change is urgent if, and only if, what it changes must not go on; it then stops it; and urgent changes go alone.
func checkUrgent(t *rapid.T, sw mirror.Switch, plan mirror.Plan) {
	next := plan.Next()
	for _, c := range next {
		if c.Urgent != next[0].Urgent {
			t.Fatal("urgent changes go together with others")
		}
		if c.Urgent && (c.Operation == mirror.Add || c.Operation == mirror.Edit && c.Session.Enabled) {
			t.Fatalf("urgent, and stops nothing: %+v", c)
		}
	}
}

func checkStanding(t *rapid.T, sw mirror.Switch, s mirror.Session, p mirror.Planned) {
	var stands []mirror.VSPAN
	for _, v := range sw.Sessions {
		if m, ok := v.Marker(); ok && m.Owner == owner && m.UID == s.UID {
			stands = append(stands, v)
		}
	}
	should := !s.Deleting() && !s.Expired(noon) && p.Accepted
	if len(stands) > 1 || should != (len(stands) == 1) {
		t.Fatalf("session %q (accepted %v, fault %v) stands %d times", s.Name, p.Accepted, p.Fault, len(stands))
	}
	for _, v := range stands {
		for _, key := range v.Ports() {
			if !slices.ContainsFunc(p.Sources, func(src mirror.PlacedSource) bool { return src.Fault == nil && src.Port.Key == key }) {
				t.Fatalf("session %q mirrors port %s, which nobody asked for", s.Name, key)
			}
		}
	}
}

// foreignOf returns the sessions of a switch that are not this installation's, by key.
func foreignOf(sw mirror.Switch) map[string]mirror.VSPAN {
	foreign := make(map[string]mirror.VSPAN)
	for _, v := range sw.Sessions {
		if m, ok := v.Marker(); !ok || m.Owner != owner {
			foreign[v.Key] = v
		}
	}
	return foreign
}

func drawSessions(t *rapid.T) []mirror.Session {
	var sessions []mirror.Session
	for i := range rapid.IntRange(1, 4).Draw(t, "sessions") {
		s := session(fmt.Sprintf("s-%d", i), "", uint16(rapid.IntRange(0, 4).Draw(t, "id")))
		s.Generation = int64(rapid.IntRange(1, 2).Draw(t, "generation"))
		s.Spec.Sources = []mirror.Source{{
			VM:        rapid.SampledFrom([]string{"web-01", "web-02", "db-01", "ids-01", "twin", "none"}).Draw(t, "vm"),
			Direction: rapid.SampledFrom([]mirror.Direction{mirror.Both, mirror.FromVM, mirror.ToVM}).Draw(t, "direction"),
		}}
		s.Spec.Encapsulation.Type = rapid.SampledFrom([]mirror.EncapsulationType{mirror.GRE, mirror.ERSPAN2, mirror.ERSPAN3}).Draw(t, "encapsulation")
		if s.Spec.Encapsulation.Type.HasID() {
			s.Spec.Encapsulation.COS = uint8(rapid.IntRange(0, 1).Draw(t, "cos"))
		}
		s.Spec.SnapLength = rapid.SampledFrom([]int{0, 64, 128}).Draw(t, "snap length")
		s.Spec.Netstack = rapid.SampledFrom([]string{"", "mirror"}).Draw(t, "netstack")
		s.Spec.Enabled = rapid.Bool().Draw(t, "enabled")
		switch rapid.IntRange(0, 5).Draw(t, "life") {
		case 0:
			s.ExpiresAt = noon
		case 1:
			s.DeletedAt = noon
		case 2:
			s.ExpiresAt = time.Time{}
		}
		sessions = append(sessions, s)
	}
	return sessions
}

// drawStanding draws what stands on the switch: sessions of ours as they were once asked for, or meddled with, and foreign ones
// that look like them.
func drawStanding(t *rapid.T, sw mirror.Switch, sessions []mirror.Session) []mirror.VSPAN {
	var standing []mirror.VSPAN
	for i := range rapid.IntRange(0, 6).Draw(t, "standing") {
		s := rapid.SampledFrom(slices.Concat(sessions, drawSessions(t))).Draw(t, "of")
		m := mirror.Marker{Owner: owner, UID: s.UID, Generation: int64(rapid.IntRange(1, 2).Draw(t, "applied")), Expiry: s.ExpiresAt}
		v := mirror.VSPAN{
			Key: fmt.Sprint(i + 1), Name: s.Name, Description: m.String(), Enabled: rapid.Bool().Draw(t, "is enabled"),
			Type: mirror.L3Source, Encapsulation: s.Spec.Encapsulation.Type, ERSPANID: s.ERSPANID, COS: s.Spec.Encapsulation.COS,
			Destinations: []netip.Addr{receiver}, Sampling: 1, SnapLength: s.Spec.SnapLength, Netstack: s.Spec.Netstack,
			FromVM: drawKeys(t, sw), ToVM: drawKeys(t, sw),
		}
		switch rapid.IntRange(0, 5).Draw(t, "whose") {
		case 0:
			m.Owner = "there"
			v.Description = m.String()
		case 1:
			v.Description = "made by hand"
		case 2:
			v.Type = "dvPortMirror"
		case 3:
			v.Other = "stripOriginalVlan=true"
		}
		standing = append(standing, v)
	}
	return standing
}

func drawKeys(t *rapid.T, sw mirror.Switch) []string {
	var keys []string
	for _, p := range sw.Ports {
		if rapid.IntRange(0, 3).Draw(t, "mirrored") == 0 {
			keys = append(keys, p.Key)
		}
	}
	slices.Sort(keys)
	return keys
}
