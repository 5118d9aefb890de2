package etcd

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/vspan-io/vspan/mirror/store"
)

// TestGravesAreForgotten, but none before its time.
func TestGravesAreForgotten(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{})
	now := time.Now()
	uids := map[string]time.Duration{"old": store.GraveAge + time.Hour, "young": store.GraveAge - time.Hour}
	for i := range 250 { // more than a transaction takes
		uids[fmt.Sprint("old-", i)] = 2 * store.GraveAge
	}
	for uid, age := range uids {
		if _, err := s.client.Put(t.Context(), s.grave(uid), now.Add(-age).UTC().Format(time.RFC3339)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.client.Put(t.Context(), s.grave("odd"), "when?"); err != nil {
		t.Fatal(err)
	}
	if err := s.exhume(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	buried, err := s.Buried(t.Context(), []string{"old", "old-7", "young", "odd"})
	if err != nil || len(buried) != 2 || !buried["young"] || !buried["odd"] {
		t.Errorf("%v, %v", buried, err)
	}
}

// TestEtcdGivesUp: where etcd would end the process, Run returns, and nobody waits for an answer.
func TestEtcdGivesUp(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{})
	done := make(chan error, 1)
	go func() { done <- s.Run(t.Context()) }()
	events, err := s.Watch(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	died := make(chan struct{})
	go func() {
		defer close(died)
		s.node.etcd.Server.Logger().Fatal("failed to save Raft hard state and entries", zap.Error(fmt.Errorf("no space left on device")))
		t.Error("a goroutine of etcd went on")
	}()
	<-died
	if err := <-done; err == nil || !strings.Contains(err.Error(), "no space left on device") || !strings.Contains(err.Error(), s.where) {
		t.Errorf("Run: %v", err)
	}
	if _, _, err := s.List(t.Context()); err == nil {
		t.Error("it lists still")
	}
	if _, open := <-events; open {
		t.Error("it watches still")
	}
}

// TestStartIsQuiet: an etcd that starts and ends as it should has nothing to say.
func TestStartIsQuiet(t *testing.T) {
	var said bytes.Buffer
	s, err := Open(t.Context(), t.TempDir(), Options{Log: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	if said.Len() > 0 {
		t.Error(said.String())
	}
}

// TestWatchOfForgottenHistory ends, so that its reader lists again.
func TestWatchOfForgottenHistory(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{})
	all := createAll(t, s, 5)
	if _, err := s.client.Compact(t.Context(), all[3].Revision, clientv3.WithCompactPhysical()); err != nil {
		t.Fatal(err)
	}
	events, err := s.Watch(t.Context(), all[0].Revision)
	if err != nil {
		t.Fatal(err)
	}
	if e, open := <-events; open {
		t.Errorf("%+v", e)
	}
}
