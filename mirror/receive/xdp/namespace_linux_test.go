//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"testing"

	"github.com/vspan-io/vspan/netns/netnstest"
)

// namespace is a network namespace of the test's own.
type namespace struct{ netnstest.Namespace }

func newNamespace(t *testing.T) namespace {
	t.Helper()
	return namespace{netnstest.New(t)}
}

// veth joins two namespaces by a pair of interfaces m0, both up.
func veth(t *testing.T, mtu int) (here, there namespace) {
	t.Helper()
	here, there = newNamespace(t), newNamespace(t)
	netnstest.Join(t, here.Namespace, there.Namespace, "m0", mtu)
	return here, there
}

// counterIn is a Counter that is open in the namespace.
func counterIn(t *testing.T, ns namespace, o Options) *Counter {
	t.Helper()
	c := New(o)
	must(t, ns.Do(c.Open))
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}
