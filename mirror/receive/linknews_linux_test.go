package receive

import (
	"testing"
	"time"
)

// What changes of an interface is told; where the kernel does not tell there may always be news.
func TestLinkNews(t *testing.T) {
	ns := newNamespace(t)
	var news linkNews
	ns.Must(t, func() error { news = openLinkNews(); return nil })
	defer news.close()
	if news.fd < 0 {
		t.Fatal("the kernel tells nothing")
	}
	if news.any() {
		t.Error("news before anything has changed")
	}
	for _, change := range []string{
		"link add br0 type bridge", "link add d0 type dummy", "link set d0 master br0", "link set d0 up",
		"link set d0 nomaster", "link set d0 down", "link set d0 name d1", "link del d1",
	} {
		ns.IP(t, change)
		if !news.any() {
			t.Errorf("no news of: ip %s", change)
		}
	}
	if !(linkNews{-1}).any() {
		t.Error("no news where nobody tells")
	}
}

// The interfaces are listed anew when one has changed, and no more often.
func TestLinksAreListedWhenTheyChange(t *testing.T) {
	ns := newNamespace(t)
	var l *links
	ns.Must(t, func() (err error) { l, err = openLinks(); return err })
	defer l.close()
	ns.IP(t, "link add br0 type bridge")
	ns.IP(t, "link add d0 type dummy")
	read := func() (topology, *topology) {
		t.Helper()
		got, err := l.read()
		if err != nil {
			t.Fatal(err)
		}
		return got, l.last
	}
	before, first := read()
	if len(before.ports) != 0 || len(before.present) != 3 {
		t.Fatalf("got %+v", before)
	}
	again := func() bool {
		last := first
		_, first = read()
		return first == last
	}
	for began := time.Now(); !again(); { // the kernel may tell of a state that it comes to later
		if time.Since(began) > patience {
			t.Fatal("listed each time, and nothing changes")
		}
	}
	ns.IP(t, "link set d0 master br0")
	if after, second := read(); len(after.ports) != 1 || second == first {
		t.Errorf("after a change: %+v", after)
	}
	for index, name := range before.present {
		if err := l.exists(index); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if name == "d0" {
			ns.IP(t, "link del d0")
			if l.exists(index) == nil {
				t.Error("d0 is still there")
			}
		}
	}
}
