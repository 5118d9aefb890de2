package vcenter

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"

	"github.com/vspan-io/vspan/mirror"
)

// tagsRead are the names of the tags of whatever has any; sorted, each once. It is not changed once it was read.
type tagsRead struct {
	vms   vmTags
	hosts map[reference][]string // hosts and clusters
}

// vmTags are the names of the tags of each VM that has any, by its managed object reference value.
type vmTags map[string][]string

const (
	// tagBatch is of how many tags one call asks what they are attached to.
	tagBatch = 200

	// maxTags bounds what is kept of one read.
	maxTags = 100_000
)

// tagging is a login to vCenter's tagging service, which knows nothing of the other one. It comes about with the first read and ends
// with leave.
type tagging struct {
	config Config
	turn   chan struct{} // has an element while somebody uses what follows

	api    *tags.Manager // nil before the first login
	in     bool          // logged in, as far as is known
	refuse refusal

	names map[string]tagName // by id
	last  tagsRead
	at    time.Time // of last
}

// tagName is the name of a tag. Reading it takes a call of its own, so that it is kept for a while: a tag that is renamed is found by
// its new name as many looks later.
type tagName struct {
	name string
	at   time.Time
}

const nameLooks = 10

// refusal keeps a login that was refused from being tried again and again, which could lock the account.
type refusal struct {
	fault *mirror.Fault
	times int // in a row
	until time.Time
}

func newTagging(config Config) *tagging {
	return &tagging{config: config, turn: make(chan struct{}, 1), names: make(map[string]tagName)}
}

// take makes the tagging the caller's until it calls the function that it is given.
func (t *tagging) take(ctx context.Context) (release func(), err error) {
	select {
	case t.turn <- struct{}{}:
		return func() { <-t.turn }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// read returns the tags of all VMs, hosts and clusters as they are, or as they were found since age ago. It is all or an error, which is a fault unless
// ctx ended.
func (t *tagging) read(ctx context.Context, age time.Duration) (tagsRead, error) {
	release, err := t.take(ctx)
	if err != nil {
		return tagsRead{}, err
	}
	defer release()
	if time.Since(t.at) < age {
		return t.last, nil
	}
	fresh, err := t.readWithin(ctx)
	if err != nil {
		return tagsRead{}, t.explain(ctx, err)
	}
	t.last, t.at = fresh, time.Now()
	return fresh, nil
}

// readWithin reads within the login that there is. When that turns out to have ended, it reads once more within a new one.
func (t *tagging) readWithin(ctx context.Context) (tagsRead, error) {
	if t.in {
		read, err := t.readAll(ctx)
		if !rest.IsStatusError(err, http.StatusUnauthorized) {
			return read, err
		}
		t.in = false
	}
	if err := t.login(ctx); err != nil {
		return tagsRead{}, err
	}
	return t.readAll(ctx)
}

func (t *tagging) login(ctx context.Context) error {
	if t.refuse.fault != nil && time.Now().Before(t.refuse.until) {
		return t.refuse.fault
	}
	password, err := t.config.password()
	if err != nil {
		return err
	}
	if t.api == nil {
		if t.api, err = newTagManager(t.config); err != nil {
			return err
		}
	}
	t.api.SessionID("")
	err = t.api.Login(ctx, url.UserPassword(t.config.Username, password.Reveal()))
	if rest.IsStatusError(err, http.StatusUnauthorized) || rest.IsStatusError(err, http.StatusForbidden) {
		t.refuse.fault = mirror.Faultf(mirror.NotAuthenticated, t.config.tagging(), "refuses to log user %q in, as whom the rest of vCenter is spoken to: if the password was changed, give the new one", t.config.Username)
		t.refuse.times++
		t.refuse.until = time.Now().Add(jitter(delayAfter(t.refuse.fault, t.refuse.times)))
		return t.refuse.fault
	}
	if err == nil {
		t.in, t.refuse = true, refusal{}
	}
	return err
}

// readAll asks for all tags and then, by batches, for what they are attached to; for names only of tags that VMs, hosts or clusters bear.
func (t *tagging) readAll(ctx context.Context) (none tagsRead, err error) {
	ids, err := t.api.ListTags(ctx)
	if err != nil {
		return none, err
	}
	if err := checkTagIDs(ids); err != nil {
		return none, err
	}
	read := tagsRead{vms: make(vmTags), hosts: make(map[reference][]string)}
	used := make(map[string]bool)
	for batch := range slices.Chunk(ids, tagBatch) {
		attached, err := t.api.ListAttachedObjectsOnTags(ctx, batch)
		if err != nil {
			return none, err
		}
		for _, on := range attached {
			if err := t.add(ctx, read, on, used); err != nil {
				return none, err
			}
		}
	}
	maps.DeleteFunc(t.names, func(id string, _ tagName) bool { return !used[id] })
	sortEach(read.vms)
	sortEach(read.hosts)
	return read, nil
}

// sortEach sorts lists of names, and leaves each name in a list once.
func sortEach[K comparable](lists map[K][]string) {
	for of, names := range lists {
		slices.Sort(names)
		lists[of] = slices.Compact(names)
	}
}

// checkTagIDs refuses what are no tags' ids: govmomi would take them for names and read all tags to find each.
func checkTagIDs(ids []string) error {
	if len(ids) > maxTags {
		return fmt.Errorf("it has %d tags, more than %d", len(ids), maxTags)
	}
	for _, id := range ids {
		if !strings.HasPrefix(id, "urn:") {
			return fmt.Errorf("it gives %q as the id of a tag", phrase(id))
		}
	}
	return nil
}

// add adds a tag to the VMs, hosts and clusters that bear it.
func (t *tagging) add(ctx context.Context, read tagsRead, on tags.AttachedObjects, used map[string]bool) error {
	for _, object := range on.ObjectIDs {
		ref := object.Reference()
		if !slices.Contains([]string{"VirtualMachine", "HostSystem", "ClusterComputeResource"}, ref.Type) {
			continue
		}
		name, err := t.name(ctx, on.TagID)
		if err != nil {
			return err
		}
		used[on.TagID] = true
		if ref.Type == "VirtualMachine" {
			read.vms[ref.Value] = append(read.vms[ref.Value], name)
		} else {
			read.hosts[ref] = append(read.hosts[ref], name)
		}
	}
	return nil
}

func (t *tagging) name(ctx context.Context, id string) (string, error) {
	if known, ok := t.names[id]; ok && time.Since(known.at) < nameLooks*t.config.tagInterval() {
		return known.name, nil
	}
	if err := checkTagIDs([]string{id}); err != nil {
		return "", err
	}
	tag, err := t.api.GetTag(ctx, id)
	if err != nil {
		return "", err
	}
	if tag.Name == "" {
		return "", errors.New("it gives a tag without a name")
	}
	t.names[id] = tagName{tag.Name, time.Now()}
	return tag.Name, nil
}

// leave logs out, if sure still says so, and forgets what was read.
func (t *tagging) leave(ctx context.Context, sure func() bool) {
	release, err := t.take(ctx)
	if err != nil {
		return
	}
	defer release()
	if t.api == nil || !sure() {
		return
	}
	if t.in {
		_ = t.api.Logout(ctx) // vCenter ends an idle login by itself
	}
	t.api.CloseIdleConnections()
	t.api, t.in, t.last, t.at = nil, false, tagsRead{}, time.Time{}
	clear(t.names)
}
