package daemon

import (
	"slices"
	"sync"

	"github.com/vspan-io/vspan/mirror/transcript"
)

// keptPackets are the packets that the receiver's workers keep. A source that takes the place of another one goes on with them.
type keptPackets struct {
	payload bool // bytes behind the headers may be kept

	mu   sync.Mutex
	list []*transcript.Packets // by worker
}

// of returns where a worker, counted from 0, keeps packets.
func (k *keptPackets) of(worker int) *transcript.Packets {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.list) <= worker {
		p := transcript.NewPackets(k.payload)
		p.Renew()
		k.list = append(k.list, p)
	}
	return k.list[worker]
}

func (k *keptPackets) all() []*transcript.Packets {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.list)
}

// renew has the workers look at packets again.
func (k *keptPackets) renew() {
	for _, p := range k.all() {
		p.Renew()
	}
}

func (k *keptPackets) forget(uid string) {
	for _, p := range k.all() {
		p.Forget(uid)
	}
}

// transcripts shows the API what explains a verdict.
type transcripts struct {
	verdicts *transcript.Verdicts
	kept     *keptPackets
}

// Turns implements api.Transcripts.
func (t transcripts) Turns(uid string) []transcript.Turn { return t.verdicts.Of(uid) }

// Packets implements api.Transcripts.
func (t transcripts) Packets(uid string) transcript.Seen { return transcript.Of(uid, t.kept.all()...) }
