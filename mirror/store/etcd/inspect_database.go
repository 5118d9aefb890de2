package etcd

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"
)

// inspectDatabase walks every page and every revision of every key, and returns the entry of the log that was applied last. The database
// has no checksums: a key with a flipped bit is another key to it, and the session that it was is gone. So the keys must be ours, and
// the revisions of each must follow from one another.
func inspectDatabase(name, prefix string) (applied uint64, err error) {
	db, err := bbolt.Open(name, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }() // it was only read
	err = db.View(func(tx *bbolt.Tx) error {
		if err := inspectPages(tx); err != nil {
			return err
		}
		meta, keys := tx.Bucket([]byte("meta")), tx.Bucket([]byte("key"))
		if meta == nil || keys == nil {
			return nil // etcd did not get as far as that
		}
		if b := meta.Get([]byte("consistent_index")); len(b) == 8 {
			applied = binary.BigEndian.Uint64(b)
		}
		l := lives{prefix: prefix, alive: make(map[string]life), compacted: mainOf(meta.Get([]byte("scheduledCompactRev")))}
		return keys.ForEach(l.follow)
	})
	return applied, err
}

func inspectPages(tx *bbolt.Tx) error {
	var first error
	for err := range tx.Check() {
		if first == nil {
			first = err
		}
	}
	return first
}

// mainOf reads a revision as etcd stores it: 8 bytes, "_", 8 bytes and, for a deletion, "t". It is 0 for anything else.
func mainOf(b []byte) int64 {
	if len(b) != 17 && len(b) != 18 || b[8] != '_' || len(b) == 18 && b[17] != 't' {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b))
}

// life is a key between its creation and its deletion.
type life struct{ created, version int64 }

// lives follows the keys through their revisions, which come in their order.
type lives struct {
	prefix    string
	alive     map[string]life
	compacted int64 // up to this revision some may have been forgotten
}

func (l lives) follow(revision, value []byte) error {
	main := mainOf(revision)
	var kv mvccpb.KeyValue
	if err := proto.Unmarshal(value, &kv); err != nil || main == 0 {
		return fmt.Errorf("revision %x: it cannot be read: %w", revision, err)
	}
	if !l.ours(string(kv.Key)) || len(kv.ProtoReflect().GetUnknown()) > 0 {
		return fmt.Errorf("revision %d: key %.200q is none of vspan's", main, kv.Key)
	}
	before, there := l.alive[string(kv.Key)]
	if len(revision) == 18 {
		if delete(l.alive, string(kv.Key)); !there && main > l.compacted {
			return fmt.Errorf("revision %d: key %.200q is deleted and was never made", main, kv.Key)
		}
		return nil
	}
	now := life{kv.CreateRevision, kv.Version}
	follows := now == life{before.created, before.version + 1} || !there && main <= l.compacted
	if !there && main > l.compacted {
		follows = now == life{main, 1}
	}
	if kv.ModRevision != main || !follows {
		return fmt.Errorf("revision %d: key %.200q is of revision %d, version %d, and does not follow from what was before", main, kv.Key,
			kv.ModRevision, kv.Version)
	}
	if kv.Lease != 0 && !strings.HasPrefix(string(kv.Key), l.prefix+"writers/") {
		return fmt.Errorf("revision %d: key %.200q would expire", main, kv.Key)
	}
	l.alive[string(kv.Key)] = now
	return nil
}

// ours reports whether a key is one of those that doc.go lists.
func (l lives) ours(key string) bool {
	name, ok := strings.CutPrefix(key, l.prefix)
	kind, _, below := strings.Cut(name, "/")
	if !below {
		return ok && (name == "noted" || name == "installation")
	}
	return ok && slices.Contains([]string{"sessions", "graves", "writers"}, kind)
}
