package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
)

// tagCategory is the category of the tags that TagVM makes. A virtual machine
// may have several of them.
const tagCategory = "vspan"

// TagVM gives a virtual machine the tag of this name, which is made if there is
// none in the category "vspan". It is no error if the machine has it.
func (s *Simulator) TagVM(vm, tag string) error {
	return s.onTags("tagging", "virtual machine", vm, s.machineSelf, attach(tag))
}

// UntagVM takes the tag of this name from a virtual machine. It is no error if
// the machine does not have it; it is ErrNotFound if there is no such tag.
func (s *Simulator) UntagVM(vm, tag string) error {
	return s.onTags("untagging", "virtual machine", vm, s.machineSelf, detach(tag))
}

// TagHost gives a host the tag of this name, as TagVM gives it to a machine.
func (s *Simulator) TagHost(host, tag string) error {
	return s.onTags("tagging", "host", host, s.hostSelf, attach(tag))
}

// UntagHost takes the tag of this name from a host, as UntagVM takes it from a
// machine.
func (s *Simulator) UntagHost(host, tag string) error {
	return s.onTags("untagging", "host", host, s.hostSelf, detach(tag))
}

// TagCluster gives the cluster the tag of this name, as TagVM gives it to a
// machine.
func (s *Simulator) TagCluster(tag string) error {
	return s.onTags("tagging", "cluster", "", s.clusterSelf, attach(tag))
}

// tagAct is done with the tags of an object.
type tagAct func(ctx context.Context, k *tagKeeper, ref mo.Reference) error

func attach(tag string) tagAct {
	return func(ctx context.Context, k *tagKeeper, ref mo.Reference) error {
		id, err := k.tag(ctx, tag)
		if err != nil {
			return err
		}
		return k.manager.AttachTag(ctx, id, ref)
	}
}

func detach(tag string) tagAct {
	return func(ctx context.Context, k *tagKeeper, ref mo.Reference) error {
		id, there := k.ids[tag]
		if !there {
			return fmt.Errorf("tag %q: %w", tag, ErrNotFound)
		}
		return k.manager.DetachTag(ctx, id, ref)
	}
}

func (s *Simulator) machineSelf(name string) (mo.Reference, error) {
	vm, err := s.virtualMachine(name)
	if err != nil {
		return nil, err
	}
	return vm.Self, nil
}

func (s *Simulator) hostSelf(name string) (mo.Reference, error) {
	h, err := s.hostSystem(name)
	if err != nil {
		return nil, err
	}
	return h.Self, nil
}

func (s *Simulator) clusterSelf(string) (mo.Reference, error) {
	return s.registry().Any("ClusterComputeResource").Reference(), nil
}

// onTags acts on the tags of an object of some kind, which find finds by its
// name.
func (s *Simulator) onTags(verb, kind, name string, find func(name string) (mo.Reference, error), act tagAct) error {
	ref, err := find(name)
	if err != nil {
		return err
	}
	ctx := context.Background() // nothing here waits
	keeper, err := s.tagging.keep(ctx, s.options)
	if err == nil {
		defer s.tagging.mu.Unlock()
		err = act(ctx, keeper, ref)
	}
	if err != nil {
		return fmt.Errorf("%s %s %q: %w", verb, kind, name, err)
	}
	return nil
}

// tagKeeper makes and gives out tags.
type tagKeeper struct {
	manager  *tags.Manager
	category string            // its id
	ids      map[string]string // of the tags in it, by name
}

// keep returns the keeper, with the lock of t held.
func (t *tagging) keep(ctx context.Context, o Options) (*tagKeeper, error) {
	t.mu.Lock()
	if t.keeper != nil {
		return t.keeper, nil
	}
	keeper, err := newTagKeeper(ctx, t.vapi, o)
	if err != nil {
		t.mu.Unlock()
		return nil, err
	}
	t.keeper = keeper
	return keeper, nil
}

// newTagKeeper logs in to the service without a socket between.
func newTagKeeper(ctx context.Context, vapi http.Handler, o Options) (*tagKeeper, error) {
	client := soap.NewClient(&url.URL{Scheme: "https", Host: "localhost", Path: rest.Path}, false)
	client.Client.Transport = directly{vapi}
	k := &tagKeeper{manager: tags.NewManager(&rest.Client{Client: client}), ids: make(map[string]string)}
	if err := k.manager.Login(ctx, url.UserPassword(o.Username, o.Password)); err != nil {
		return nil, fmt.Errorf("logging in to the tagging service: %w", err)
	}
	var err error
	k.category, err = k.manager.CreateCategory(ctx, &tags.Category{Name: tagCategory, Cardinality: "MULTIPLE", AssociableTypes: []string{"VirtualMachine", "HostSystem", "ClusterComputeResource"}})
	if err != nil {
		return nil, fmt.Errorf("making the tag category %q: %w", tagCategory, err)
	}
	return k, nil
}

// tag is the id of the tag of this name.
func (k *tagKeeper) tag(ctx context.Context, name string) (string, error) {
	if name == "" {
		return "", errors.New("a tag needs a name")
	}
	if id, there := k.ids[name]; there {
		return id, nil
	}
	id, err := k.manager.CreateTag(ctx, &tags.Tag{Name: name, CategoryID: k.category})
	if err != nil {
		return "", fmt.Errorf("making tag %q: %w", name, err)
	}
	k.ids[name] = id
	return id, nil
}

// directly hands requests to a handler.
type directly struct{ http.Handler }

// RoundTrip implements http.RoundTripper.
func (d directly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	reply := &keptReply{header: make(http.Header)}
	d.ServeHTTP(reply, r)
	return &http.Response{
		StatusCode: reply.status, Status: fmt.Sprintf("%d %s", reply.status, http.StatusText(reply.status)),
		Header: reply.header, Body: io.NopCloser(&reply.body), Request: r,
	}, nil
}
