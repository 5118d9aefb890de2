package reconcile_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
)

func TestUnreadSaysWhyUntilEverySwitchWasRead(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		f.down = mirror.Faultf(mirror.VCenterUnreachable, "vCenter", "is away")
		b.start(f)
		if why := b.r.Unread(); why == nil || !strings.Contains(why.Error(), "is away") {
			t.Errorf("with vCenter away: %v", why)
		}
		f.mu.Lock()
		f.down, f.switches[dvs0].broken = nil, errors.New("a page is missing")
		f.mu.Unlock()
		b.pass(2 * time.Minute)
		if why := b.r.Unread(); why == nil || !strings.Contains(why.Error(), "a page is missing") {
			t.Errorf("with a switch that cannot be read: %v", why)
		}
		f.mu.Lock()
		f.switches[dvs0].broken = nil
		f.mu.Unlock()
		b.pass(2 * time.Minute)
		if why := b.r.Unread(); why != nil {
			t.Errorf("with everything read: %v", why)
		}
		f.mu.Lock()
		f.down = errors.New("away again")
		f.mu.Unlock()
		b.pass(2 * time.Minute)
		if why := b.r.Unread(); why != nil || len(b.r.Switches()) == 0 {
			t.Errorf("what was read once is known, however old: %v", why)
		}
	})
}

func TestUnreadBeforeTheFirstTry(t *testing.T) {
	r := reconcile.New(reconcile.Options{VCenters: map[string]reconcile.VCenter{"lab": newFake("lab")}})
	if why := r.Unread(); why == nil || why.Reason != mirror.VCenterUnreachable {
		t.Errorf("got %v", why)
	}
}
