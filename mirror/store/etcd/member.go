package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
)

// configure tells etcd about the cluster.
func (c *Cluster) configure(to *embed.Config) error {
	if err := c.check(); err != nil {
		return err
	}
	to.Name = c.Name
	to.ListenPeerUrls, to.AdvertisePeerUrls = urls(c.ListenPeer), urls(c.advertised())
	to.InitialCluster, to.ClusterState = c.initial(), embed.ClusterStateFlagNew
	if c.Join {
		to.ClusterState = embed.ClusterStateFlagExisting
	}
	if c.Token != "" {
		to.InitialClusterToken = c.Token
	}
	to.PeerTLSInfo = c.PeerTLS.info()
	if c.ListenClient != "" {
		to.ListenClientUrls, to.AdvertiseClientUrls = urls(c.ListenClient), urls(c.ListenClient)
		to.ClientTLSInfo = c.ClientTLS.info()
	}
	return nil
}

// urls parses what check has found to be URLs.
func urls(s string) []url.URL {
	u, err := parseURL(s)
	if err != nil {
		return nil
	}
	return []url.URL{*u}
}

// info requires a certificate of the CA from both sides.
func (t TLS) info() transport.TLSInfo {
	return transport.TLSInfo{TrustedCAFile: t.CA, CertFile: t.Cert, KeyFile: t.Key, ClientCertAuth: !t.isZero()}
}

// Member is one of the etcds that share a state.
type Member struct {
	ID         uint64
	Name       string // "" as long as it was never started
	PeerURLs   []string
	ClientURLs []string // where a client finds it; none when only its own process is one
	Learner    bool     // it is told everything and asked nothing
	Leader     bool
}

// Members lists the members.
func (s *Store) Members(ctx context.Context) ([]Member, error) {
	response, err := ask(ctx, s, func(ctx context.Context) (*clientv3.MemberListResponse, error) {
		return s.client.MemberList(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	status, err := s.status(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Member, len(response.Members))
	for i, m := range response.Members {
		all[i] = Member{m.ID, m.Name, m.PeerURLs, m.ClientURLs, m.IsLearner, m.ID == status.Leader}
	}
	slices.SortFunc(all, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// AddLearner makes room for a member that is to be started with name and peer URL. It returns the new member's id and what it must be
// given as its Cluster.Initial, with Join. A learner has no vote: nothing is at risk while it is not there yet.
func (s *Store) AddLearner(ctx context.Context, name, peerURL string) (id uint64, initial string, err error) {
	if _, err := parseURL(peerURL); err != nil {
		return 0, "", fmt.Errorf("add member %q: peer URL: %w", name, err)
	}
	response, err := ask(ctx, s, func(ctx context.Context) (*clientv3.MemberAddResponse, error) {
		return s.client.MemberAddAsLearner(ctx, []string{peerURL})
	})
	if err != nil {
		return 0, "", fmt.Errorf("add member %q at %s: %w", name, peerURL, settled(err))
	}
	var members []string
	for _, m := range response.Members {
		memberName := m.Name
		if m.ID == response.Member.ID {
			memberName = name
		}
		for _, u := range m.PeerURLs {
			members = append(members, memberName+"="+u)
		}
	}
	return response.Member.ID, strings.Join(members, ","), nil
}

// ErrNotCaughtUp: a learner does not know everything yet. Ask again later.
var ErrNotCaughtUp = errors.New("the member has not caught up yet")

// Promote gives a learner its vote; ErrNotCaughtUp when it is too early.
func (s *Store) Promote(ctx context.Context, id uint64) error {
	_, err := ask(ctx, s, func(ctx context.Context) (*clientv3.MemberPromoteResponse, error) {
		return s.client.MemberPromote(ctx, id)
	})
	switch {
	case errors.Is(err, rpctypes.ErrMemberLearnerNotReady):
		return fmt.Errorf("promote member %x: %w", id, ErrNotCaughtUp)
	case err != nil:
		return fmt.Errorf("promote member %x: %w", id, err)
	}
	return nil
}

// RemoveMember takes a member out; its data directory is of no use afterwards. etcd refuses where too few would be left to decide.
func (s *Store) RemoveMember(ctx context.Context, id uint64) error {
	_, err := ask(ctx, s, func(ctx context.Context) (*clientv3.MemberRemoveResponse, error) {
		return s.client.MemberRemove(ctx, id)
	})
	if err != nil {
		return fmt.Errorf("remove member %x: %w", id, settled(err))
	}
	return nil
}

// settled says what etcd means by unhealthy.
func settled(err error) error {
	if errors.Is(err, rpctypes.ErrUnhealthy) {
		return fmt.Errorf("%w: all members must have been connected for some seconds: try again", err)
	}
	return err
}

// advertise tells the members the peer URL of this one where it is another than they know: so it is when a node that was alone is
// started as a member.
func (s *Store) advertise(ctx context.Context, c *Cluster) error {
	if c == nil {
		return nil
	}
	members, err := s.Members(ctx)
	if err != nil {
		return err
	}
	self := uint64(s.node.etcd.Server.MemberID())
	for _, m := range members {
		if m.ID == self && !slices.Equal(m.PeerURLs, []string{c.advertised()}) {
			_, err = ask(ctx, s, func(ctx context.Context) (*clientv3.MemberUpdateResponse, error) {
				return s.client.MemberUpdate(ctx, self, []string{c.advertised()})
			})
		}
	}
	if err != nil {
		return fmt.Errorf("tell the members the peer URL %s: %w", c.advertised(), err)
	}
	return nil
}
