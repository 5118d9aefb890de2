package etcd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// trouble is the end of a node that etcd gave up, and what it complained of before.
type trouble struct {
	failed chan struct{}
	ending atomic.Bool // what is complained of now comes of it

	mu     sync.Mutex
	err    error    // set before failed is closed
	recent []string // the newest complaints, oldest first
}

func newTrouble() *trouble { return &trouble{failed: make(chan struct{})} }

// fail remembers the first reason.
func (t *trouble) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
		close(t.failed)
	}
}

func (t *trouble) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// complaints is how many different ones are remembered.
const complaints = 4

func (t *trouble) complain(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, known := range t.recent {
		if known == what {
			return
		}
	}
	if t.recent = append(t.recent, what); len(t.recent) > complaints {
		t.recent = t.recent[1:]
	}
}

// said is what etcd complained of, for an error; "" when of nothing.
func (t *trouble) said() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.recent) == 0 {
		return ""
	}
	return "; etcd says: " + strings.Join(t.recent, "; ")
}

// logger is a zap logger that passes warnings and errors on. Where etcd would end the process, it ends the goroutine and tells
// trouble instead: what happens to the process is for the daemon to say.
func logger(to *slog.Logger, t *trouble) *zap.Logger {
	end := fatal{t}
	return zap.New(&bridge{log: to, trouble: t}, zap.WithFatalHook(end), zap.WithPanicHook(end))
}

type fatal struct{ trouble *trouble }

// OnWrite does not return.
func (f fatal) OnWrite(e *zapcore.CheckedEntry, fields []zapcore.Field) {
	f.trouble.fail(errors.New(sentence(e.Entry, fields)))
	runtime.Goexit()
}

// sentence is an entry with its error and its file.
func sentence(e zapcore.Entry, fields []zapcore.Field) string {
	encoded := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(encoded)
	}
	s := e.Message
	for _, key := range []string{"path", "remote-peer-id", "local-member-cluster-id", "remote-peer-cluster-id", "error"} {
		if v, there := encoded.Fields[key]; there {
			s += fmt.Sprintf(", %s %v", key, v)
		}
	}
	return s
}

// bridge is the zapcore.Core that writes to a slog.Logger.
type bridge struct {
	log     *slog.Logger
	trouble *trouble
	with    []zapcore.Field
}

// Enabled: an etcd that starts has 64 things to tell that nobody asked for.
func (*bridge) Enabled(l zapcore.Level) bool { return l >= zapcore.WarnLevel }

func (b *bridge) With(fields []zapcore.Field) zapcore.Core {
	return &bridge{b.log, b.trouble, append(b.with[:len(b.with):len(b.with)], fields...)}
}

func (b *bridge) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if b.Enabled(e.Level) && !expected(e.Message) && !b.trouble.ending.Load() {
		return ce.AddCore(e, b)
	}
	return ce
}

// expected are warnings about what is as it should be here.
func expected(message string) bool {
	for _, beginning := range []string{
		"Running http and grpc server on single port",  // there is no client port, or ours alone
		"simple token is not cryptographically signed", // nobody logs in
		"Failed to detect schema version",              // of a database that was made a moment ago
		"failed to update storage version",             // likewise; it is tried again
	} {
		if strings.HasPrefix(message, beginning) {
			return true
		}
	}
	return strings.HasSuffix(message, "pending configuration changes to apply") // it votes again ten ticks later
}

func (b *bridge) Write(e zapcore.Entry, fields []zapcore.Field) error {
	encoded := zapcore.NewMapObjectEncoder()
	for _, f := range append(b.with[:len(b.with):len(b.with)], fields...) {
		f.AddTo(encoded)
	}
	said := sentence(e, fields)
	if strings.HasSuffix(said, "missing term information") {
		return nil // a database that is so new that nothing was written to it: etcd looks again
	}
	level := slog.LevelWarn
	if e.Level >= zapcore.ErrorLevel {
		level = slog.LevelError
	}
	attributes := make([]slog.Attr, 0, len(encoded.Fields))
	for key, value := range encoded.Fields {
		attributes = append(attributes, slog.Any(key, value))
	}
	b.trouble.complain(said)
	b.log.LogAttrs(context.Background(), level, "etcd: "+e.Message, slog.GroupAttrs("etcd", attributes...))
	return nil
}

func (*bridge) Sync() error { return nil }
