package etcd

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// fullAt is the share of its quota, in percent, from which on etcd takes nothing new from us. Up to the quota there is room for
// tombstones, which are puts like any other: at the quota etcd refuses those too.
const fullAt = 80

// How old a measurement may be on which a write is decided. Somebody else's etcd takes a connection to ask, and raises NOSPACE itself.
const (
	ownGaugeAge   = 250 * time.Millisecond
	otherGaugeAge = 5 * time.Second
)

// endpointPatience is how long one of several endpoints may take to say how it is.
const endpointPatience = 2 * time.Second

// gauge remembers how full the store was found.
type gauge struct {
	mu   sync.Mutex
	at   time.Time
	full error
}

// Health reports whether the store can take what is new, and otherwise why not and what to do. It is nil when all is well, and wraps
// store.ErrFull when only tombstones and removals work.
func (s *Store) Health(ctx context.Context) error {
	if err := s.node.failure(); err != nil {
		return err
	}
	status, err := s.status(ctx)
	if err != nil {
		return err
	}
	if status.Leader == 0 {
		return fmt.Errorf("etcd at %s has no leader: see that most of its members run and reach each other", s.where)
	}
	alarms, err := s.alarms(ctx)
	if err != nil {
		return err
	}
	return s.full(status, alarms)
}

// status asks one member how it is.
func (s *Store) status(ctx context.Context) (*clientv3.StatusResponse, error) {
	endpoints := s.client.Endpoints()
	if s.node != nil {
		endpoints = []string{""} // this process
	}
	var last error
	for _, endpoint := range endpoints {
		status, err := ask(ctx, s, func(ctx context.Context) (*clientv3.StatusResponse, error) {
			ctx, cancel := context.WithTimeout(ctx, endpointPatience)
			defer cancel()
			return s.client.Status(ctx, endpoint)
		})
		if err == nil {
			return status, nil
		}
		last = err
	}
	return nil, fmt.Errorf("ask how etcd is: %w", last)
}

func (s *Store) alarms(ctx context.Context) ([]*etcdserverpb.AlarmMember, error) {
	response, err := ask(ctx, s, func(ctx context.Context) (*clientv3.AlarmResponse, error) {
		return s.client.AlarmList(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("list the alarms of etcd: %w", err)
	}
	return response.Alarms, nil
}

// full says why there is no room for what is new, or nil.
func (s *Store) full(status *clientv3.StatusResponse, alarms []*etcdserverpb.AlarmMember) error {
	for _, a := range alarms {
		switch a.Alarm {
		case etcdserverpb.AlarmType_CORRUPT:
			return fmt.Errorf("etcd at %s has raised CORRUPT: member %x differs from the others: remove it, delete its data and add it "+
				"again; until then nothing is written", s.where, a.MemberID)
		case etcdserverpb.AlarmType_NOSPACE:
			return fmt.Errorf("%w: etcd at %s has raised NOSPACE: %s", store.ErrFull, s.where, s.makeRoom())
		}
	}
	if quota := status.DbSizeQuota; quota > 0 && status.DbSize >= quota/100*fullAt {
		return fmt.Errorf("%w: etcd at %s uses %d MiB of its quota of %d MiB, %d %% of which are for tear-down only: %s",
			store.ErrFull, s.where, status.DbSize>>20, quota>>20, 100-fullAt, s.makeRoom())
	}
	return s.node.diskFull()
}

func (s *Store) makeRoom() string {
	if s.node != nil {
		return "it is being compacted; if this does not help, delete sessions or raise the quota"
	}
	return "compact and defragment it, or raise its --quota-backend-bytes, then disarm its alarms"
}

// roomFor fails with store.ErrFull when there is no room for sessions that are new. Tombstones always find some.
func (s *Store) roomFor(ctx context.Context, sessions ...mirror.Session) error {
	for _, want := range sessions {
		if !want.Deleting() {
			return s.room(ctx)
		}
	}
	return s.roomForTearDown(ctx)
}

// brimAt is the share of its quota, in percent, from which on a database of this process is compacted before it is written to. At the
// quota etcd says no, and may have written nevertheless.
const brimAt = 95

// roomForTearDown makes room where there is none.
func (s *Store) roomForTearDown(ctx context.Context) error {
	if s.node == nil {
		return nil
	}
	status, err := s.status(ctx)
	if err != nil || status.DbSize < status.DbSizeQuota/100*brimAt && !alarmed(status) {
		return err
	}
	return s.compact(ctx)
}

func alarmed(status *clientv3.StatusResponse) bool {
	return strings.Contains(strings.Join(status.Errors, " "), "alarm:")
}

// room is Health as far as it is about space, measured not long ago.
func (s *Store) room(ctx context.Context) error {
	s.gauge.mu.Lock()
	defer s.gauge.mu.Unlock()
	age := otherGaugeAge
	if s.node != nil {
		age = ownGaugeAge
	}
	if !s.gauge.at.IsZero() && time.Since(s.gauge.at) < age {
		return s.gauge.full
	}
	status, err := s.status(ctx)
	if err != nil {
		return err
	}
	var alarms []*etcdserverpb.AlarmMember
	if alarmed(status) {
		if alarms, err = s.alarms(ctx); err != nil {
			return err
		}
	}
	s.gauge.at, s.gauge.full = time.Now(), s.full(status, alarms)
	return s.gauge.full
}
