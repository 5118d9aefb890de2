package api

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/api/wire"
)

// fakeCluster has the members it is told to have.
type fakeCluster struct {
	members []Member
	asked   string
	err     error
}

func (f *fakeCluster) Members(context.Context) ([]Member, error) { return f.members, f.err }

func (f *fakeCluster) Add(_ context.Context, name string, peerURLs []string) (Joining, error) {
	f.asked = fmt.Sprint("add ", name, peerURLs)
	return Joining{Token: "t", InitialCluster: "one=http://10.0.0.1:2380,two=http://10.0.0.2:2380"}, f.err
}

func (f *fakeCluster) Remove(_ context.Context, name string) error {
	f.asked = "remove " + name
	return f.err
}

const member2 = `{"name":"two","peerURLs":["http://10.0.0.2:2380"]}`

func TestMembersComeAndGo(t *testing.T) {
	c := &fakeCluster{members: []Member{
		{ID: "2", Name: "two", Learner: true, Message: "it catches up"}, {ID: "1", Name: "one", PeerURLs: []string{"http://10.0.0.1:2380"}, Leader: true, Healthy: true},
	}}
	f := newFixture(t, func(o *Options) { o.Cluster = c })
	want := []wire.Member{
		{ID: "1", Name: "one", PeerURLs: []string{"http://10.0.0.1:2380"}, ClientURLs: []string{}, Leader: true, Healthy: true},
		{ID: "2", Name: "two", PeerURLs: []string{}, ClientURLs: []string{}, Learner: true, Message: "it catches up"},
	}
	if diff := cmp.Diff(want, decoded[wire.MemberList](f.call("GET", "/v1/cluster/members", "").want(200)).Items); diff != "" {
		t.Error(diff)
	}
	joining := decoded[wire.Joining](f.call("POST", "/v1/cluster/members", member2).want(201))
	if joining.Name != "two" || joining.Token != "t" || joining.InitialCluster == "" || c.asked != "add two[http://10.0.0.2:2380]" {
		t.Errorf("got %+v after %q", joining, c.asked)
	}
	if a := f.call("DELETE", "/v1/cluster/members/two", "").want(204); len(a.body) != 0 || c.asked != "remove two" {
		t.Errorf("got %s after %q", a.body, c.asked)
	}
}

func TestWhyAClusterIsNotChanged(t *testing.T) {
	c := &fakeCluster{}
	f := newFixture(t, func(o *Options) { o.Cluster = c })
	for _, test := range []struct {
		err    error
		status int
		code   string
	}{
		{ErrNoMember, 404, "member_not_found"}, {ErrMemberExists, 409, "member_exists"}, {ErrLastMember, 409, "last_member"},
		{ErrQuorum, 409, "quorum_at_risk"}, {context.DeadlineExceeded, 503, "timeout"}, {errors.New("secret"), 503, "store_unavailable"},
	} {
		c.err = fmt.Errorf("change the cluster: %w", test.err)
		f.call("GET", "/v1/cluster/members", "").problem(test.status, test.code, "")
		f.call("POST", "/v1/cluster/members", member2).problem(test.status, test.code, "")
		f.call("DELETE", "/v1/cluster/members/two", "").problem(test.status, test.code, "")
	}
}

func TestOddMembers(t *testing.T) {
	c := &fakeCluster{}
	f := newFixture(t, func(o *Options) { o.Cluster = c })
	add := func(url string) answer {
		return f.call("POST", "/v1/cluster/members", `{"name":"two","peerURLs":["http://10.0.0.2:2380","`+url+`"]}`)
	}
	for _, url := range []string{
		"", "10.0.0.2:2380", "ftp://a:1", "http://a", "http://a:0", "http://a:65536", "http://a:x", "http://u:p@a:1", "http://a:1/", "http://a:1/x",
		"http://a:1?x=1", "http://a:1#x", "http://a,b=http://c:1", "http://a b:1", "http://$(x):1", "http://:2380", "HTTP://a:1",
	} {
		add(url).problem(422, "invalid", "peerURLs[1]")
	}
	f.call("POST", "/v1/cluster/members", `{"name":"a=b","peerURLs":["http://a:1"]}`).problem(422, "invalid", "name")
	f.call("POST", "/v1/cluster/members", `{"name":"two","peerURLs":[]}`).problem(422, "invalid", "peerURLs")
	if c.asked != "" {
		t.Errorf("the cluster was asked: %s", c.asked)
	}
	add("https://[2001:db8::2]:2380").want(201)
}

func TestADaemonWithoutACluster(t *testing.T) {
	f := newFixture(t)
	f.call("GET", "/v1/cluster/members", "").problem(409, "no_cluster", "")
	f.call("POST", "/v1/cluster/members", member2).problem(409, "no_cluster", "")
	f.call("DELETE", "/v1/cluster/members/two", "").problem(409, "no_cluster", "")
}
