package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror/store/etcd"
)

// cluster shows the API the members that keep the state together.
type cluster struct {
	store *etcd.Store
	token string
}

// cluster returns the cluster of the daemon's state, or nil when it is in no cluster of daemons.
func (s *state) cluster() api.Cluster {
	if s.member == nil {
		return nil
	}
	return cluster{store: s.etcd, token: s.member.Token}
}

// Members lists the members, and whether each of them can be reached from here.
func (c cluster) Members(ctx context.Context) ([]api.Member, error) {
	all, err := c.store.Members(ctx)
	if err != nil {
		return nil, err
	}
	members := make([]api.Member, len(all))
	var dialling sync.WaitGroup
	for i, m := range all {
		members[i] = api.Member{
			ID: strconv.FormatUint(m.ID, 16), Name: m.Name, PeerURLs: m.PeerURLs, ClientURLs: m.ClientURLs, Learner: m.Learner, Leader: m.Leader,
		}
		dialling.Go(func() { members[i].Healthy, members[i].Message = reach(ctx, m) })
	}
	dialling.Wait()
	return members, nil
}

// reachTime bounds how long a member may take to answer.
const reachTime = time.Second

// reach opens a connection to a member, as the other members do.
func reach(ctx context.Context, m etcd.Member) (ok bool, message string) {
	if m.Name == "" {
		return false, "was added, and has not been started yet"
	}
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	for _, peer := range m.PeerURLs {
		u, err := url.Parse(peer)
		if err != nil {
			return false, err.Error()
		}
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
		if err != nil {
			return false, fmt.Sprintf("does not answer at %s: %v", u.Host, err)
		}
		_ = conn.Close() // it was opened only to see whether it can be
	}
	if m.Learner {
		return true, "catches up, and gets its vote then"
	}
	return true, "answers"
}

// Add lets one more in, as a learner.
func (c cluster) Add(ctx context.Context, name string, peerURLs []string) (api.Joining, error) {
	if len(peerURLs) != 1 {
		return api.Joining{}, errors.New("want one peer URL")
	}
	all, err := c.store.Members(ctx)
	if err != nil {
		return api.Joining{}, err
	}
	if slices.ContainsFunc(all, func(m etcd.Member) bool { return m.Name == name }) {
		return api.Joining{}, fmt.Errorf("add member %q: %w", name, api.ErrMemberExists)
	}
	_, initial, err := c.store.AddLearner(ctx, name, peerURLs[0])
	return api.Joining{Token: c.token, InitialCluster: initial}, clusterError(err)
}

// Remove takes out the member of that name or id.
func (c cluster) Remove(ctx context.Context, name string) error {
	all, err := c.store.Members(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(m etcd.Member) bool { return m.Name == name || strconv.FormatUint(m.ID, 16) == name })
	switch {
	case at < 0:
		return fmt.Errorf("remove member %q: %w", name, api.ErrNoMember)
	case len(all) == 1:
		return fmt.Errorf("remove member %q: %w", name, api.ErrLastMember)
	default:
		return clusterError(c.store.RemoveMember(ctx, all[at].ID))
	}
}

// clusterError puts what etcd refuses into the words of the API.
func clusterError(err error) error {
	for refusal, word := range map[error]error{
		rpctypes.ErrPeerURLExist: api.ErrMemberExists, rpctypes.ErrMemberExist: api.ErrMemberExists, rpctypes.ErrTooManyLearners: api.ErrQuorum,
		rpctypes.ErrMemberNotEnoughStarted: api.ErrQuorum, rpctypes.ErrUnhealthy: api.ErrQuorum, rpctypes.ErrMemberNotFound: api.ErrNoMember,
	} {
		if errors.Is(err, refusal) {
			return fmt.Errorf("%w: %w", word, err)
		}
	}
	return err
}
