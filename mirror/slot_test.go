package mirror_test

import (
	"fmt"
	"maps"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vspan-io/vspan/mirror"
)

func TestSlots(t *testing.T) {
	far := netip.MustParseAddr("10.9.9.9")
	asks := func(id uint16) func(*mirror.Session) {
		return func(s *mirror.Session) { s.Spec.Encapsulation.ID = id }
	}
	first := with(session("first", "web-01", 1), func(s *mirror.Session) { s.CreatedAt = noon.Add(-2 * time.Hour) })
	for _, c := range []struct {
		name     string
		sessions []mirror.Session
		standing []mirror.VSPAN
		want     map[string]uint16
	}{
		{"the lowest", []mirror.Session{session("a", "web-01", 0)}, nil, map[string]uint16{"uid-a": 1}},
		{"the lowest that is free", []mirror.Session{first, session("a", "web-02", 0)}, nil, map[string]uint16{"uid-a": 2}},
		{"a foreign session's is not", []mirror.Session{session("a", "web-02", 0)}, []mirror.VSPAN{foreign("9", 1, receiver)}, map[string]uint16{"uid-a": 2}},
		{"at another address it is", []mirror.Session{session("a", "web-02", 0)}, []mirror.VSPAN{foreign("9", 1, far)}, map[string]uint16{"uid-a": 1}},
		{"kept", []mirror.Session{session("a", "web-01", 9)}, nil, nil},
		{"as asked", []mirror.Session{with(session("a", "web-01", 0), asks(5))}, nil, map[string]uint16{"uid-a": 5}},
		{"as asked from now on", []mirror.Session{with(session("a", "web-01", 9), asks(5))}, nil, map[string]uint16{"uid-a": 5}},
		{"as asked though it conflicts", []mirror.Session{with(session("a", "web-01", 0), asks(5))}, []mirror.VSPAN{foreign("9", 5, receiver)}, map[string]uint16{"uid-a": 5}},
		{"no longer asked for: kept", []mirror.Session{session("a", "web-01", 5)}, nil, nil},
		{"allocated, does not stand and is taken: another", []mirror.Session{session("a", "web-01", 1)}, []mirror.VSPAN{foreign("9", 1, receiver)}, map[string]uint16{"uid-a": 2}},
		{"allocated, stands and is taken: kept", []mirror.Session{session("a", "web-01", 1)}, []mirror.VSPAN{foreign("9", 1, receiver), marked("8", "uid-a", 1)}, nil},
		{"gre needs none", []mirror.Session{with(session("a", "web-01", 0), func(s *mirror.Session) { s.Spec.Encapsulation.Type = mirror.GRE })}, nil, nil},
		{"a deleted session's is taken while it is there", []mirror.Session{with(first, func(s *mirror.Session) { s.DeletedAt = noon }), session("a", "web-01", 0)}, nil, map[string]uint16{"uid-a": 2}},
		{"an expired session's is free", []mirror.Session{with(first, func(s *mirror.Session) { s.ExpiresAt = noon }), session("a", "web-01", 0)}, nil, map[string]uint16{"uid-a": 1}},
		{"an expired session's is taken while it stands", []mirror.Session{with(first, func(s *mirror.Session) { s.ExpiresAt = noon }), session("a", "web-01", 0)}, []mirror.VSPAN{marked("8", "uid-first", 1)}, map[string]uint16{"uid-a": 2}},
		{"an orphan's is taken", []mirror.Session{session("a", "web-01", 0)}, []mirror.VSPAN{marked("8", "uid-unknown", 1)}, map[string]uint16{"uid-a": 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sw := dvs0()
			sw.Sessions = c.standing
			got := slotIDs(mirror.Allocation{
				Sessions: c.sessions, Switches: []mirror.Switch{sw}, Owner: owner, Receivers: []netip.Addr{receiver}, Now: noon,
			})
			if !maps.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func slotIDs(a mirror.Allocation) map[string]uint16 {
	ids := make(map[string]uint16)
	for uid, slot := range mirror.Slots(a) {
		ids[uid] = slot.ID
	}
	return ids
}

func marked(key, uid string, id uint16) mirror.VSPAN {
	v := foreign(key, id, receiver)
	v.Description = mirror.Marker{Owner: owner, UID: uid, Generation: 1}.String()
	return v
}

func TestSlotsEnd(t *testing.T) {
	var sessions []mirror.Session
	for i := range mirror.MaxERSPANID + 1 {
		sessions = append(sessions, session(fmt.Sprintf("s-%04d", i), "web-01", 0))
	}
	ids := slotIDs(mirror.Allocation{Sessions: sessions, Owner: owner, Receivers: []netip.Addr{receiver}, Now: noon})
	if len(ids) != mirror.MaxERSPANID || ids["uid-s-0000"] != 1 || ids["uid-s-1022"] != mirror.MaxERSPANID {
		t.Errorf("%d ids, first %d, last %d", len(ids), ids["uid-s-0000"], ids["uid-s-1022"])
	}
	if id, there := ids["uid-s-1023"]; there {
		t.Errorf("the 1024th session got id %d", id)
	}
	if len(slotIDs(mirror.Allocation{Sessions: sessions[:1], Owner: owner, Now: noon})) > 0 {
		t.Error("an id without a receiver")
	}
}

// TestERSPANIDsProperties: after storing what is returned, all allocated ids at one address differ, and nothing more has to change.
func TestSlotsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		second := netip.MustParseAddr("10.2.1.111")
		a := mirror.Allocation{Owner: owner, Receivers: []netip.Addr{receiver, second}, Now: noon}
		for i := range rapid.IntRange(0, 8).Draw(t, "sessions") {
			s := session(fmt.Sprint("s-", i), "web-01", uint16(rapid.IntRange(0, 4).Draw(t, "id")))
			s.Receiver = rapid.SampledFrom([]netip.Addr{{}, receiver, second, netip.MustParseAddr("10.7.7.7")}).Draw(t, "receiver")
			a.Sessions = append(a.Sessions, s)
		}
		sw := dvs0()
		for i := range rapid.IntRange(0, 3).Draw(t, "foreign") {
			sw.Sessions = append(sw.Sessions, foreign(fmt.Sprint(i), uint16(rapid.IntRange(1, 5).Draw(t, "foreign id")), receiver))
		}
		a.Switches = []mirror.Switch{sw}
		for uid, slot := range mirror.Slots(a) {
			for i := range a.Sessions {
				if a.Sessions[i].UID == uid {
					a.Sessions[i].ERSPANID, a.Sessions[i].Receiver = slot.ID, slot.Receiver
				}
			}
		}
		if more := mirror.Slots(a); len(more) > 0 {
			t.Fatalf("not stable: %v", more)
		}
		seen := make(map[mirror.IDUse]bool)
		for _, v := range sw.Sessions {
			seen[mirror.IDUse{Address: receiver, ID: v.ERSPANID}] = true
		}
		for _, s := range a.Sessions {
			use := mirror.IDUse{Address: s.Receiver, ID: s.ERSPANID}
			if s.ERSPANID == 0 || seen[use] || s.Receiver != receiver && s.Receiver != second {
				t.Fatalf("slot %v of session %q is in use, or no receiver's", use, s.Name)
			}
			seen[use] = true
		}
	})
}
