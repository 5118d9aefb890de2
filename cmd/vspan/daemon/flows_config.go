package daemon

import (
	"fmt"
	"path"
	"slices"

	"github.com/vspan-io/vspan/mirror"
)

// Flows says which conversations are looked at, and where hosts are.
type Flows struct {
	// All looks at the conversations of all sessions, all the time; otherwise only at those that somebody asks for.
	All bool
	// Conversations is how many are kept of each session, 128 to 1<<20; 0: 16384. One takes about 2 kB.
	Conversations int
	// Sites are the places that hosts stand at.
	Sites []Site
}

// Site is a place where hosts stand, behind a firewall of its own.
type Site struct {
	Name     string
	Hosts    []string // names or patterns (path.Match) of ESXi hosts
	Clusters []string // names or patterns of clusters
	Tags     []string // names or patterns of tags that hosts, or their clusters, bear in vCenter
}

// Which sessions are looked at.
const (
	FlowsAsked = "asked"
	FlowsAll   = "all"
)

// Bounds of the configuration.
const (
	leastConversations = 128
	mostConversations  = 1 << 20
	mostSites          = 64
)

// SetMode reads "asked" or "all"; "" changes nothing.
func (f *Flows) SetMode(s string) error {
	switch s {
	case "":
	case FlowsAsked, FlowsAll:
		f.All = s == FlowsAll
	default:
		return fmt.Errorf("flows is %q: want %s or %s", s, FlowsAsked, FlowsAll)
	}
	return nil
}

// check refuses what cannot be.
func (f Flows) check() error {
	if n := f.Conversations; n != 0 && (n < leastConversations || n > mostConversations) {
		return fmt.Errorf("%d conversations of each session: want %d to %d, or 0 for the usual", n, leastConversations, mostConversations)
	}
	if len(f.Sites) > mostSites {
		return fmt.Errorf("%d sites: want at most %d", len(f.Sites), mostSites)
	}
	seen := make(map[string]bool)
	for i, s := range f.Sites {
		if s.Name == "" || seen[s.Name] {
			return fmt.Errorf("sites[%d]: want a name of its own, got %q", i, s.Name)
		}
		seen[s.Name] = true
		if len(s.Hosts)+len(s.Clusters)+len(s.Tags) == 0 {
			return fmt.Errorf("site %q: say which hosts, clusters or tags stand there", s.Name)
		}
		for _, pattern := range slices.Concat(s.Hosts, s.Clusters, s.Tags) {
			if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
				return fmt.Errorf("site %q: %q is no name and no pattern", s.Name, pattern)
			}
		}
	}
	return nil
}

// tagged reports whether a site is named by tags.
func (f Flows) tagged() bool {
	return slices.ContainsFunc(f.Sites, func(s Site) bool { return len(s.Tags) > 0 })
}

// has reports whether a host of this name stands there.
func (s Site) has(name string, known mirror.Host) bool {
	return fits(s.Hosts, name) || fits(s.Clusters, known.Cluster) ||
		slices.ContainsFunc(known.Tags, func(tag string) bool { return fits(s.Tags, tag) })
}

func fits(patterns []string, name string) bool {
	return name != "" && slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(p, name) // it was checked
		return ok
	})
}
