package evidence

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

var (
	guessReceiver = netip.MustParseAddr("10.2.1.110")
	guessHost     = netip.MustParseAddr("10.0.0.11")
	guessMAC      = frame.MAC{0, 0x50, 0x56, 0, 0, 1}
	guessEnd      = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// stray is unclaimed traffic of a host of ours that no session explains.
func stray(changes ...func(*Unclaimed)) Unclaimed {
	u := Unclaimed{
		UnclaimedKey: UnclaimedKey{Exporter: guessHost, Destination: guessReceiver, Type: erspan.TypeII, ID: 7},
		Packets:      10, First: guessEnd, Last: guessEnd.Add(time.Second),
	}
	for _, c := range changes {
		c(&u)
	}
	return u
}

// knowledge is one switch with a host and two VMs; sessions stand on it.
func knowledge(sessions ...mirror.VSPAN) Facts {
	return Facts{
		Owner: "here", Receivers: []netip.Addr{guessReceiver},
		Switches: []mirror.Switch{{
			Name: "DVS0", Sessions: sessions,
			Hosts: []mirror.Host{{Name: "esx-01", Addresses: []netip.Addr{guessHost}}},
			Ports: []mirror.Port{{Key: "112", VM: "web-01", MAC: guessMAC.String()}, {Key: "113", VM: "db-01", MAC: "00:50:56:00:00:02"}, {Key: "114"}},
		}},
	}
}

// sending is a session on a switch that explains stray.
func sending(description string, changes ...func(*mirror.VSPAN)) mirror.VSPAN {
	v := mirror.VSPAN{
		Key: "12", Name: "theirs", Description: description, Enabled: true, Type: mirror.L3Source, Encapsulation: mirror.ERSPAN2, ERSPANID: 7,
		Destinations: []netip.Addr{guessReceiver}, FromVM: []string{"112"}, ToVM: []string{"112"},
	}
	for _, c := range changes {
		c(&v)
	}
	return v
}

func marked(owner, uid string) string {
	return mirror.Marker{Owner: owner, UID: uid, Generation: 1}.String()
}

func TestGuess(t *testing.T) {
	own := mirror.Session{Name: "web", UID: "u1", Spec: mirror.Spec{Enabled: true, Encapsulation: mirror.Encapsulation{Type: mirror.ERSPAN2}}}
	deleting := own
	deleting.DeletedAt = guessEnd
	asked := own
	asked.ERSPANID, asked.Receiver = 7, guessReceiver
	gone := Gone{Name: "web", At: guessEnd, Expectation: Expectation{
		Type: erspan.TypeII, ID: 7, Destinations: []netip.Addr{guessReceiver}, Exporters: map[netip.Addr]string{guessHost: "esx-01"},
		Sources: []ExpectedSource{{PortKey: "112", MAC: guessMAC}},
	}}
	bridging := func(u *Unclaimed) { u.Type, u.ID = erspan.Bridging, 0 }
	gre := func(v *mirror.VSPAN) { v.Encapsulation, v.ERSPANID = mirror.GRE, 0 }
	inside := func(u *Unclaimed) { u.MACs = []frame.MAC{guessMAC} }
	afar := func(u *Unclaimed) { u.Exporter = netip.MustParseAddr("192.0.2.1") }
	for name, c := range map[string]struct {
		facts   Facts
		u       Unclaimed
		want    GuessKind
		session string
		says    string
	}{
		"somebody's session":             {knowledge(sending("")), stray(), GuessForeign, "theirs", `session "theirs" on switch DVS0, key 12, which is not vspan's`},
		"another vspan's":                {knowledge(sending(marked("there", "u9"))), stray(), GuessForeign, "theirs", "another vspan's, there"},
		"from behind NAT":                {knowledge(sending("")), stray(afar), GuessForeign, "theirs", "though 192.0.2.1 is no vmkernel address"},
		"gre by its host":                {knowledge(sending("", gre)), stray(bridging), GuessForeign, "theirs", "esx-01 is a host of that switch"},
		"gre by what is inside":          {knowledge(sending("", gre)), stray(bridging, afar, inside), GuessForeign, "theirs", "of a port it mirrors"},
		"gre by nothing":                 {knowledge(sending("", gre)), stray(bridging, afar), GuessDevice, "", "no vmkernel address"},
		"disabled":                       {knowledge(sending("", func(v *mirror.VSPAN) { v.Enabled = false })), stray(), GuessHost, "", "esx-01"},
		"another id":                     {knowledge(sending("", func(v *mirror.VSPAN) { v.ERSPANID = 8 })), stray(), GuessHost, "", "no session that was read"},
		"another encapsulation":          {knowledge(sending("", func(v *mirror.VSPAN) { v.Encapsulation = mirror.ERSPAN3 })), stray(), GuessHost, "", ""},
		"sent to another":                {knowledge(sending("", func(v *mirror.VSPAN) { v.Destinations = nil })), stray(), GuessHost, "", ""},
		"orphan":                         {knowledge(sending(marked("here", "u9"))), stray(), GuessOrphan, "theirs", "nobody asks for"},
		"ours, being removed":            {with(knowledge(sending(marked("here", "u1"))), deleting), stray(), GuessOwn, "web", "being removed"},
		"ours, not applied":              {with(knowledge(sending(marked("here", "u1"))), own), stray(), GuessOwn, "web", "does not stand there as asked"},
		"ours, not read":                 {with(knowledge(), asked), stray(), GuessOwn, "web", "not read on its switch yet"},
		"ours under another id":          {with(knowledge(), own), stray(), GuessHost, "", ""},
		"old":                            {ended(knowledge(), gone), stray(), GuessOld, "web", "ended at 2026-03-01T12:00:00Z"},
		"old, by what is inside":         {ended(knowledge(), gone), stray(afar, inside), GuessOld, "web", ""},
		"old, of a stranger":             {ended(knowledge(), gone), stray(afar), GuessDevice, "", ""},
		"old, and it goes on":            {ended(knowledge(), gone), stray(func(u *Unclaimed) { u.Last = guessEnd.Add(time.Hour) }), GuessOld, "web", "still sends it"},
		"what stands before what is old": {ended(knowledge(sending("")), gone), stray(), GuessForeign, "theirs", ""},
		"to another address":             {knowledge(), stray(func(u *Unclaimed) { u.Destination = netip.MustParseAddr("10.2.1.111") }), GuessElsewhere, "", "10.2.1.111"},
		"a VM of ours":                   {knowledge(), stray(afar, inside), GuessVM, "", "what is inside is of web-01"},
		"a host of ours":                 {knowledge(), stray(), GuessHost, "", "host esx-01"},
		"a device":                       {knowledge(), stray(afar), GuessDevice, "", "another device"},
		"nothing is known":               {Facts{Receivers: []netip.Addr{guessReceiver}}, stray(), GuessUnknown, "", "no switch was read"},
		"nothing at all":                 {Facts{}, Unclaimed{}, GuessUnknown, "", ""},
	} {
		g := c.facts.Guess(c.u)
		if g.Kind != c.want || g.Session != c.session || !strings.Contains(g.Why, c.says) || g.Why == "" {
			t.Errorf("%s: %+v, want %s of %q saying %q", name, g, c.want, c.session, c.says)
		}
	}
}

func with(f Facts, s mirror.Session) Facts {
	f.Sessions = []mirror.Session{s}
	return f
}

func ended(f Facts, g Gone) Facts {
	f.Gone = []Gone{g}
	return f
}

// Where several sessions fit, that for which most speaks is named, and where nothing tells them apart it is said.
func TestGuessAmongSeveral(t *testing.T) {
	other := sending("", func(v *mirror.VSPAN) { v.Key, v.Name, v.FromVM, v.ToVM = "13", "other", []string{"113"}, nil })
	f := knowledge(other, sending(""))
	if g := f.Guess(stray(func(u *Unclaimed) { u.MACs = []frame.MAC{guessMAC} })); g.Session != "theirs" || strings.Contains(g.Why, "more sessions") ||
		!slices.Equal(g.VMs, []string{"web-01"}) || g.Host != "esx-01" {
		t.Errorf("%+v", g)
	}
	if g := f.Guess(stray()); !strings.Contains(g.Why, "1 more sessions fit as well") {
		t.Errorf("%+v", g)
	}
}
