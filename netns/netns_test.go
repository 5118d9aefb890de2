package netns_test

import (
	"net"
	"os/exec"
	"testing"

	"github.com/vspan-io/vspan/netns/netnstest"
)

// What is made in a namespace is there and nowhere else, and a process that was started in it is there, too.
func TestNamespace(t *testing.T) {
	const name = "vspan-here"
	ns, other := netnstest.New(t), netnstest.New(t)
	ns.IP(t, "link add "+name+" type dummy")
	if ns.Index(t, name) == 0 {
		t.Error("the interface has no index")
	}
	exists := func() error {
		_, err := net.InterfaceByName(name)
		return err
	}
	if other.Do(exists) == nil || exists() == nil {
		t.Error("the interface is elsewhere as well")
	}
	p, err := ns.Start(exec.Command("sh", "-c", "grep -q "+name+" /proc/self/net/dev"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil || p.PID == 0 {
		t.Errorf("process %d: %v", p.PID, err)
	}
	if _, err := ns.Start(exec.Command("/nonexistent")); err == nil {
		t.Error("what does not exist was started")
	}
}

func TestJoin(t *testing.T) {
	a, b := netnstest.New(t), netnstest.New(t)
	netnstest.Join(t, a, b, "m0", 1600)
	for _, ns := range []netnstest.Namespace{a, b} {
		ns.Must(t, func() error {
			i, err := net.InterfaceByName("m0")
			if err == nil && (i.MTU != 1600 || i.Flags&net.FlagUp == 0) {
				t.Errorf("joined by %+v", i)
			}
			return err
		})
	}
}
