package etcd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// backlog is how many changes a watcher may be behind before its channel is closed; what etcd itself forgets by compaction closes
// it too.
const backlog = 4096

// Watch sends every change after the given revision, in order: see store.Store.
func (s *Store) Watch(ctx context.Context, after int64) (<-chan store.Event, error) {
	head, err := ask(ctx, s, func(ctx context.Context) (*clientv3.GetResponse, error) {
		return s.client.Get(ctx, s.noted(), clientv3.WithKeysOnly())
	})
	if err != nil {
		return nil, fmt.Errorf("watch sessions after revision %d: %w", after, err)
	}
	events := make(chan store.Event)
	if after > head.Header.Revision { // etcd would wait for it to come
		close(events)
		return events, nil
	}
	err = s.begin(func() {
		defer close(events)
		ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
		defer cancel()
		defer context.AfterFunc(s.ctx, cancel)()
		s.feed(ctx, s.client.Watch(ctx, s.key(""), clientv3.WithPrefix(), clientv3.WithPrevKV(), clientv3.WithRev(after+1)), events)
	})
	if err != nil {
		return nil, fmt.Errorf("watch sessions after revision %d: %w", after, err)
	}
	return events, nil
}

// feed passes changes on until one side ends or the reader falls behind.
func (s *Store) feed(ctx context.Context, changes clientv3.WatchChan, to chan<- store.Event) {
	var pending []store.Event
	for {
		var next store.Event
		var out chan<- store.Event
		if len(pending) > 0 {
			next, out = pending[0], to
		}
		select {
		case out <- next:
			pending = pending[1:]
		case response, open := <-changes:
			if !open || response.Err() != nil || len(pending) > backlog {
				return
			}
			pending = slices.Grow(pending, len(response.Events))
			for _, e := range response.Events {
				pending = append(pending, s.event(e))
			}
		case <-s.node.failed():
			return
		case <-ctx.Done():
			return
		}
	}
}

func (s *Store) event(e *clientv3.Event) store.Event {
	named := mirror.Session{Name: strings.TrimPrefix(string(e.Kv.Key), s.key(""))}
	if e.Type == clientv3.EventTypeDelete {
		if e.PrevKv != nil {
			if last, err := s.session(e.PrevKv); err == nil {
				named = last
			}
		}
		return store.Event{Session: named, Removed: true, Revision: e.Kv.ModRevision}
	}
	got, err := s.session(e.Kv)
	if err != nil {
		return store.Event{Session: named, Damaged: true, Revision: e.Kv.ModRevision}
	}
	return store.Event{Session: got, Revision: e.Kv.ModRevision}
}
