package vcsimtests

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// TestUnclaimedTrafficIsGuessed: a session that somebody made by hand sends to our receiver, and so does one whose record was lost.
func TestUnclaimedTrafficIsGuessed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.applied("web-01", mirrorOf("web-01"))
	db := w.vm("db-01")
	_, err := w.sim.AddForeignSession(sim.SessionSpec{
		Name: "capture of last year", Enabled: true, FromVM: []string{db.NICs[0].PortKey}, ToVM: []string{db.NICs[0].PortKey},
		Destinations: []string{"127.0.0.1"}, Encapsulation: "erspan3", ERSPANID: 77, Sampling: 1,
	})
	w.act(err)
	var found wire.Unclaimed
	await(t, soon, "a guess whose it is", func() (bool, string) {
		list := read[wire.UnclaimedList](w.server, w.want(w.do("GET", "/v1/unclaimed", nil), 200)).Items
		for _, found = range list {
			if found.Guess.Kind == "foreign_session" && found.PacketsPerSecond > 0 && len(found.Guess.VMs) > 0 {
				return true, ""
			}
		}
		return false, fmt.Sprintf("%+v", list)
	})
	g := found.Guess
	if g.Session != "capture of last year" || g.Switch != "DVS0" || g.Host != db.Host || found.ERSPANID != 77 || found.Encapsulation != "erspan3" ||
		!strings.Contains(strings.Join(g.VMs, " "), "db-01") || !strings.Contains(g.Message, "not vspan's") {
		t.Errorf("guessed %+v of %+v", g, found)
	}
	out, err := exec.CommandContext(t.Context(), vspan(t), "--server", w.url, "unclaimed").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "erspan3 id 77") || !strings.Contains(string(out), "capture of last year") {
		t.Errorf("vspan unclaimed: %v: %s", err, out)
	}
}
