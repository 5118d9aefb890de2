package etcd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// How often Run looks after what.
const (
	looks    = time.Second // the disk; whether this member may vote
	exhumes  = time.Hour   // graves
	compacts = time.Minute // at most, where the database is full
)

// Run keeps the store in order until ctx ends: it forgets graves, watches the disk, makes room when the database is full and asks for
// this member's vote when it was added as a learner. It returns an error when the node gave up or was removed from
// its cluster; the daemon is of no use then.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(looks)
	defer tick.Stop()
	var exhumed, compacted time.Time
	for {
		now := time.Now()
		if s.node != nil {
			s.tend(ctx)
		}
		if s.node != nil && now.Sub(compacted) > compacts && s.crowded(ctx) {
			compacted = now
			s.complain(ctx, "make room in the database", s.compact(ctx))
		}
		if now.Sub(exhumed) > exhumes {
			exhumed = now
			s.complain(ctx, "forget removed sessions", s.exhume(ctx, now))
		}
		select {
		case <-tick.C:
		case <-s.node.failed():
			return s.node.failure()
		case <-s.node.stopped():
			return removed(s.where)
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *Store) complain(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		s.log.Warn("the store could not "+what, "error", err)
	}
}

// tend looks after the disk and this member's vote.
func (s *Store) tend(ctx context.Context) {
	s.complain(ctx, "set space aside on its disk", s.node.tend())
	status, err := s.status(ctx)
	if err != nil || !status.IsLearner {
		return // Health says what is wrong
	}
	if err := s.Promote(ctx, status.Header.MemberId); !errors.Is(err, ErrNotCaughtUp) {
		s.complain(ctx, "get this member its vote", err)
	}
}

// crowdedAt is the share of the quota, in percent, from which on room is made: before Create is refused at fullAt.
const crowdedAt = 60

// crowded reports whether room should be made.
func (s *Store) crowded(ctx context.Context) bool {
	status, err := s.status(ctx)
	return err == nil && (alarmed(status) || status.DbSize > status.DbSizeQuota/100*crowdedAt)
}

// compact forgets the history, gives the space that was used by it back, and disarms the alarm that there is none. Watchers that are
// behind find their channel closed.
func (s *Store) compact(ctx context.Context) error {
	s.node.compacting.Lock()
	defer s.node.compacting.Unlock()
	status, err := s.status(ctx)
	if err != nil {
		return err
	}
	_, err = ask(ctx, s, func(ctx context.Context) (*clientv3.CompactResponse, error) {
		return s.client.Compact(ctx, status.Header.Revision, clientv3.WithCompactPhysical())
	})
	if err != nil && !errors.Is(err, rpctypes.ErrCompacted) {
		return fmt.Errorf("compact: %w", err)
	}
	_, err = ask(ctx, s, func(context.Context) (struct{}, error) {
		return struct{}{}, s.node.etcd.Server.Backend().Defrag() // the client's call is none of an in-process client
	})
	if err != nil {
		return fmt.Errorf("defragment: %w", err)
	}
	return s.disarm(ctx)
}

// disarm ends the NOSPACE alarm of this member if there is space again.
func (s *Store) disarm(ctx context.Context) error {
	status, err := s.status(ctx)
	if err != nil || status.DbSize >= status.DbSizeQuota/100*fullAt {
		return err
	}
	_, err = ask(ctx, s, func(ctx context.Context) (*clientv3.AlarmResponse, error) {
		return s.client.AlarmDisarm(ctx, &clientv3.AlarmMember{
			MemberID: uint64(s.node.etcd.Server.MemberID()), Alarm: etcdserverpb.AlarmType_NOSPACE,
		})
	})
	return err
}
