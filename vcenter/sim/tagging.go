package sim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	vapi "github.com/vmware/govmomi/vapi/simulator"
)

// The paths of vCenter's REST interface that are served: the login and the
// tagging service. vcsim has more, which write files and call back.
const (
	restSession = "/rest/com/vmware/cis/session"
	restTagging = "/rest/com/vmware/cis/tagging/"
)

// tagging is vcsim's tagging service with what it lacks: users who may not
// write, and logins that can be ended.
type tagging struct {
	vapi     http.Handler
	readOnly string // the user who may only look

	mu     sync.Mutex
	logins map[string]string // users by session id
	keeper *tagKeeper        // the simulator's own client of it, once there is one
}

// newTagging makes the service for the users of the inventory.
func newTagging(o Options, registry *simulator.Registry) *tagging {
	// The URL's user makes vcsim ask SessionManager.ValidLogin.
	u := &url.URL{Scheme: "https", Host: "localhost", User: url.UserPassword(o.Username, o.Password)}
	_, handler := vapi.New(u, registry)
	return &tagging{vapi: handler, readOnly: o.ReadOnlyUsername, logins: make(map[string]string)}
}

func (t *tagging) register(mux *http.ServeMux) {
	mux.Handle(restSession, t)
	mux.Handle(restTagging, t)
}

// sessionID is the header that names the login.
const sessionID = "vmware-api-session-id"

// ServeHTTP implements http.Handler.
func (t *tagging) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == restSession && r.Method == http.MethodPost && r.URL.RawQuery == "":
		t.login(w, r)
	case r.URL.Path == restSession && r.Method == http.MethodDelete:
		t.forget(r.Header.Get(sessionID))
		t.vapi.ServeHTTP(w, r)
	case t.mayNot(r):
		w.WriteHeader(http.StatusForbidden)
	default:
		t.vapi.ServeHTTP(w, r)
	}
}

// login remembers a login that succeeded.
func (t *tagging) login(w http.ResponseWriter, r *http.Request) {
	kept := &keptReply{header: w.Header()}
	t.vapi.ServeHTTP(kept, r)
	var reply struct{ Value string }
	if kept.status == http.StatusOK && json.Unmarshal(kept.body.Bytes(), &reply) == nil && reply.Value != "" {
		user, _, _ := r.BasicAuth()
		t.mu.Lock()
		t.logins[reply.Value] = user
		t.mu.Unlock()
	}
	w.WriteHeader(kept.status)
	_, _ = w.Write(kept.body.Bytes()) // the client is gone; there is nobody to tell
}

func (t *tagging) forget(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.logins, id)
}

// mayNot tells whether the call writes and its user may not.
func (t *tagging) mayNot(r *http.Request) bool {
	t.mu.Lock()
	user := t.logins[r.Header.Get(sessionID)]
	t.mu.Unlock()
	if user == "" || user != t.readOnly || r.Method == http.MethodGet {
		return false
	}
	return !strings.HasPrefix(r.URL.Query().Get("~action"), "list-")
}

// expire ends every login and returns how many there were.
func (t *tagging) expire() int {
	t.mu.Lock()
	ended := t.logins
	t.logins = make(map[string]string)
	t.mu.Unlock()
	for id := range ended {
		r := &http.Request{Method: http.MethodDelete, URL: &url.URL{Path: restSession}, Header: make(http.Header)}
		r.Header.Set(sessionID, id)
		t.vapi.ServeHTTP(&keptReply{header: make(http.Header)}, r)
	}
	return len(ended)
}

// keptReply is a reply that is read before it is sent, if it is.
type keptReply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptReply) Header() http.Header { return k.header }

func (k *keptReply) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

func (k *keptReply) Write(b []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(b)
}
