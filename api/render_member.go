package api

import (
	"cmp"
	"regexp"
	"slices"
	"sync"

	"github.com/vspan-io/vspan/api/wire"
)

// hostPattern is a host's name or address without what means something in a list of members or to a shell.
var hostPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9.:-]{1,253}$`) })

func renderMembers(all []Member) []wire.Member {
	list := make([]wire.Member, len(all))
	for i, m := range all {
		list[i] = wire.Member{
			ID: m.ID, Name: m.Name, PeerURLs: append([]string{}, m.PeerURLs...), ClientURLs: append([]string{}, m.ClientURLs...),
			Learner: m.Learner, Leader: m.Leader, Healthy: m.Healthy, Message: m.Message,
		}
	}
	slices.SortFunc(list, func(a, b wire.Member) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return list
}
