// Package belated puts off the metrics that libraries register with the default registry of Prometheus as soon as a program has
// them. etcd's server has a hundred, and registering one hands the start of the program to another thread and back: it was a quarter
// of the time of a command, of which only the daemon has an etcd, and only one in a cluster shows its metrics.
//
// It relies on the order in which packages are initialized: of those whose imports are ready, the first by import path
// (https://go.dev/ref/spec#Program_initialization). This one imports Prometheus alone, and stands before go.etcd.io. Where the order
// is another, metrics are registered at once, as they would be without it.
package belated

import (
	"errors"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

func init() {
	libraries.next = prometheus.DefaultRegisterer
	prometheus.DefaultRegisterer = &libraries
}

// libraries stands in for the default registry.
var libraries registerer

// Register registers what was put off; from then on nothing is. An error is of metrics that the default registry would not take, of
// which a library would have died; all others are registered then too. It may be called at any time, and more than once.
func Register() error { return libraries.open() }

// registerer keeps what is registered until it is opened.
type registerer struct {
	next prometheus.Registerer

	mu     sync.Mutex // guards what follows
	opened bool
	kept   []prometheus.Collector
}

func (r *registerer) open() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, c := range r.kept {
		errs = append(errs, r.next.Register(c))
	}
	r.opened, r.kept = true, nil
	return errors.Join(errs...)
}

// Register keeps a collector, or has it registered.
func (r *registerer) Register(c prometheus.Collector) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.opened {
		return r.next.Register(c)
	}
	r.kept = append(r.kept, c)
	return nil
}

// MustRegister is Register of each; it panics at what cannot be registered.
func (r *registerer) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if err := r.Register(c); err != nil {
			panic(err)
		}
	}
}

// Unregister is of what is registered: what is kept stays so, and false says it.
func (r *registerer) Unregister(c prometheus.Collector) bool { return r.next.Unregister(c) }
