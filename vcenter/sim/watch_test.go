package sim_test

import (
	"context"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"github.com/vmware/govmomi/event"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// TestConfigIsWatched waits for another user's change with a property collector.
func TestConfigIsWatched(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	c := dial(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var seen []string
	err := property.Wait(ctx, property.DefaultCollector(c.Client), c.dvs.Reference(), []string{"config"}, func(changes []types.PropertyChange) bool {
		for _, change := range changes {
			config, ok := change.Val.(types.VMwareDVSConfigInfo)
			if !ok {
				t.Fatalf("%s is a %T", change.Name, change.Val)
			}
			seen = append(seen, config.ConfigVersion)
			if len(config.VspanSession) == 1 {
				return true
			}
		}
		go func() {
			if _, err := s.AddForeignSession(sim.SessionSpec{Name: "new", Destinations: []string{"127.0.0.1"}}); err != nil {
				t.Error(err)
			}
		}()
		return false
	})
	if err != nil || !slices.Equal(seen, []string{"1", "2"}) {
		t.Errorf("watched versions %v, %v; want 1, 2", seen, err)
	}
}

// events are all events of these kinds.
func events(t *testing.T, c *client, kinds ...string) []types.BaseEvent {
	t.Helper()
	list, err := event.NewManager(c.Client).QueryEvents(t.Context(), types.EventFilterSpec{EventTypeId: kinds})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestReconfiguredEventNamesUserAndSpec(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff, Username: "administrator@vsphere.local", Password: "secret"})
	c := dialAs(t, s, "administrator@vsphere.local", "secret")
	if err := c.apply(add(l3("mine", "0", "127.0.0.1"))); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddForeignSession(sim.SessionSpec{Name: "theirs", Destinations: []string{"127.0.0.1"}}); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range events(t, c, "DvsReconfiguredEvent") {
		r := e.(*types.DvsReconfiguredEvent)
		spec, ok := r.ConfigSpec.(*types.VMwareDVSConfigSpec)
		if ok && len(spec.VspanConfigSpec) == 1 && r.Dvs != nil && r.Dvs.Dvs == c.dvs.Reference() {
			got[r.UserName] = spec.VspanConfigSpec[0].VspanSession.Name
		}
	}
	if got["administrator@vsphere.local"] != "mine" || got["somebody"] != "theirs" {
		t.Errorf("sessions by user: %v", got)
	}
}

func TestWrongPasswordIsInvalidLogin(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	for _, login := range [][2]string{{"user", "wrong"}, {"nobody", "pass"}, {"user", ""}} {
		_, err := connect(t, s, login[0], login[1])
		if !fault.Is(err, &types.InvalidLogin{}) {
			t.Errorf("login %v: %v, want InvalidLogin", login, err)
		}
	}
}

func TestReadOnlyUser(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	c := dialAs(t, s, "reader", "pass")
	if c.config().ConfigVersion != "1" {
		t.Error("the read-only user cannot read the switch")
	}
	if got := missing(c.apply(add(l3("no", "0", "127.0.0.1")))); got != "DVSwitch.Vspan" {
		t.Errorf("adding a session lacks %q, want DVSwitch.Vspan", got)
	}
	spec := &types.VMwareDVSConfigSpec{}
	spec.ConfigVersion, spec.Description = "1", "mine now"
	_, err := c.dvs.Reconfigure(t.Context(), spec)
	if got := missing(err); got != "DVSwitch.Modify" {
		t.Errorf("describing the switch lacks %q, want DVSwitch.Modify", got)
	}
	for user, want := range map[string]bool{"reader": false, "user": true} {
		req := types.HasUserPrivilegeOnEntities{
			This: *c.ServiceContent.AuthorizationManager, UserName: user,
			Entities: []types.ManagedObjectReference{c.dvs.Reference()}, PrivId: []string{"DVSwitch.Vspan", "System.View"},
		}
		res, err := methods.HasUserPrivilegeOnEntities(t.Context(), c.Client, &req)
		if err != nil {
			t.Fatal(err)
		}
		availability := res.Returnval[0].PrivAvailability
		if availability[0].IsGranted != want || !availability[1].IsGranted {
			t.Errorf("%s: %+v", user, availability)
		}
	}
}

func TestExpiredLoginIsNotAuthenticated(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	c := dial(t, s)
	if n := s.ExpireLogins(); n != 1 {
		t.Errorf("%d logins expired, want 1", n)
	}
	_, err := methods.RetrieveProperties(t.Context(), c.Client, &types.RetrieveProperties{
		This: c.ServiceContent.PropertyCollector,
		SpecSet: []types.PropertyFilterSpec{{
			ObjectSet: []types.ObjectSpec{{Obj: c.dvs.Reference()}},
			PropSet:   []types.PropertySpec{{Type: "DistributedVirtualSwitch", PathSet: []string{"name"}}},
		}},
	})
	if err != nil && !fault.Is(err, &types.NotAuthenticated{}) {
		t.Errorf("reading: %v", err)
	}
	if err := c.applyAt("1", add(l3("x", "0", "127.0.0.1"))); !fault.Is(err, &types.NotAuthenticated{}) {
		t.Errorf("writing: %v, want NotAuthenticated", err)
	}
}

// TestStockKeepsNothing is what plain vcsim does: the task succeeds.
func TestStockKeepsNothing(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff, Stock: true})
	c := dial(t, s)
	if err := c.applyAt("nonsense", add(l3("lost", "0", "127.0.0.1"))); err != nil {
		t.Fatal(err)
	}
	if config := c.config(); len(config.VspanSession) != 0 || config.ConfigVersion != "" {
		t.Errorf("%d sessions at version %q, want none at none", len(config.VspanSession), config.ConfigVersion)
	}
	if _, err := s.AddForeignSession(sim.SessionSpec{Name: "x"}); err == nil {
		t.Error("a stock simulator took a session by hand")
	}
}

func TestSwitchIsFoundByUUID(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	c := dial(t, s)
	req := types.QueryDvsByUuid{This: *c.ServiceContent.DvSwitchManager, Uuid: s.State().Switch.UUID}
	res, err := methods.QueryDvsByUuid(t.Context(), c.Client, &req)
	if err != nil || res.Returnval == nil || *res.Returnval != c.dvs.Reference() {
		t.Errorf("by UUID: %+v, %v", res, err)
	}
	req.Uuid = "00"
	if _, err := methods.QueryDvsByUuid(t.Context(), c.Client, &req); !fault.Is(err, &types.NotFound{}) {
		t.Errorf("unknown UUID: %v, want NotFound", err)
	}
}

// TestThumbprintAndAuthority checks that a client can verify the server both ways.
func TestThumbprintAndAuthority(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	sc := soap.NewClient(s.URL(), false)
	defer sc.CloseIdleConnections()
	if _, err := methods.GetServiceContent(t.Context(), sc); err == nil {
		t.Error("a client without thumbprint or authority trusted the server")
	}
	var info object.HostCertificateInfo
	if err := info.FromURL(s.URL(), nil); err != nil {
		t.Fatal(err)
	}
	if info.ThumbprintSHA256 != s.Thumbprint() {
		t.Errorf("the server shows %s, Thumbprint says %s", info.ThumbprintSHA256, s.Thumbprint())
	}
	trusting := soap.NewClient(s.URL(), false)
	defer trusting.CloseIdleConnections()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CAPEM()) {
		t.Fatal("CAPEM is no certificate")
	}
	trusting.DefaultTransport().TLSClientConfig.RootCAs = pool
	if _, err := methods.GetServiceContent(t.Context(), trusting); err != nil {
		t.Errorf("a client with the authority: %v", err)
	}
}

// missing is the privilege a NoPermission names, empty for any other error.
func missing(err error) string {
	var denied *types.NoPermission
	if _, ok := fault.As(err, &denied); !ok {
		return ""
	}
	return denied.PrivilegeId
}
