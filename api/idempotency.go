package api

import (
	"container/list"
	"crypto/sha256"
	"encoding/json"
	"sync"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// Bounds of what is remembered of Idempotency-Keys.
const (
	keysRemembered = 1024
	keyLife        = 24 * time.Hour
)

// idempotency remembers what was created under which Idempotency-Key. All methods may be called concurrently.
type idempotency struct {
	mu     sync.Mutex
	byKey  map[string]*list.Element
	oldest *list.List // of *creation, the oldest at the front
}

// creation is what was, or is being, created under a key.
type creation struct {
	key  string
	body [sha256.Size]byte
	at   time.Time
	name string // "" while it is being created
	uid  string
}

func newIdempotency() *idempotency {
	return &idempotency{byKey: make(map[string]*list.Element), oldest: list.New()}
}

// begin returns what was created under key, or nil after noting that the caller is about to; then end must follow.
func (i *idempotency) begin(key string, body wire.SessionInput, now time.Time) (*creation, *wire.Problem) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, malformed.problem("the body cannot be compared with that of a repetition")
	}
	sum := sha256.Sum256(text)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.forget(now)
	if e, ok := i.byKey[key]; ok {
		c := *e.Value.(*creation)
		switch {
		case c.body != sum:
			return nil, keyReused.problem("it was used with another body; a new request needs a new key")
		case c.name == "":
			return nil, keyBusy.problem("wait for its answer, or repeat this one later")
		}
		return &c, nil
	}
	i.byKey[key] = i.oldest.PushBack(&creation{key: key, body: sum, at: now})
	return nil, nil
}

// end notes what was created; a session without a name is none, and frees the key.
func (i *idempotency) end(key string, s mirror.Session) {
	i.mu.Lock()
	defer i.mu.Unlock()
	e, ok := i.byKey[key]
	if !ok {
		return // pushed out by newer keys
	}
	if s.Name == "" {
		i.drop(e)
		return
	}
	c := e.Value.(*creation)
	c.name, c.uid = s.Name, s.UID
}

// forget makes room for one more and drops what is too old; the caller holds mu.
func (i *idempotency) forget(now time.Time) {
	for e := i.oldest.Front(); e != nil; e = i.oldest.Front() {
		if i.oldest.Len() < keysRemembered && now.Sub(e.Value.(*creation).at) < keyLife {
			return
		}
		i.drop(e)
	}
}

func (i *idempotency) drop(e *list.Element) {
	i.oldest.Remove(e)
	delete(i.byKey, e.Value.(*creation).key)
}
