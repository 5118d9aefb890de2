package belated_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/cmd/vspan/belated"
	_ "github.com/vspan-io/vspan/mirror/store/etcd" // registers etcd's metrics
)

// TestMetricsOfLibrariesWait also holds the order in which packages are initialized.
func TestMetricsOfLibrariesWait(t *testing.T) {
	if got := ofEtcd(t); len(got) > 0 {
		t.Errorf("registered as the program starts: %q", got)
	}
	own := prometheus.NewCounter(prometheus.CounterOpts{Name: "of_a_library"})
	prometheus.MustRegister(own)
	for range 2 {
		if err := belated.Register(); err != nil {
			t.Fatal(err)
		}
	}
	if got := ofEtcd(t); len(got) < 20 {
		t.Errorf("of etcd's metrics %q are registered", got)
	}
	if err := prometheus.Register(own); err == nil {
		t.Error("a metric that waited is not registered: it can be once more")
	}
	if !prometheus.Unregister(own) {
		t.Error("what waited cannot be taken back")
	}
}

func ofEtcd(t *testing.T) (names []string) {
	t.Helper()
	families, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) == 0 {
		t.Fatal("the default registry has nothing: the test looks at the wrong one")
	}
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "etcd_") {
			names = append(names, f.GetName())
		}
	}
	return names
}
