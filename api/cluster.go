package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

const (
	addMemberText = `Lets one more daemon into the cluster, and answers what to start it with. It joins as a learner, without a vote, and is promoted by itself
as soon as it has caught up. One at a time: the next one when this one has its vote.`

	removeMemberText = `Takes a member, by its name or its id, out of the cluster: stop its daemon then, for it cannot come back with its old data. Refused for the
last member, and where those that remain would be without a quorum.`
)

// Errors of a Cluster, which wraps them with what was attempted.
var (
	ErrNoMember     = errors.New("no such member")
	ErrMemberExists = errors.New("a member has this name or one of these peer URLs")
	ErrLastMember   = errors.New("it is the last member")
	ErrQuorum       = errors.New("the cluster would lose its quorum")
)

// Cluster is the members that keep the desired state together. Its methods may be called concurrently.
type Cluster interface {
	// Members returns them in any order.
	Members(ctx context.Context) ([]Member, error)
	// Add lets one more in, as a learner, and returns what it must be started with. ErrMemberExists when there is one of this name or with one of
	// these URLs; ErrQuorum when it must wait, e.g. until an earlier learner has its vote.
	Add(ctx context.Context, name string, peerURLs []string) (Joining, error)
	// Remove takes out the member of that name or, before it was started once, of that ID: ErrNoMember, ErrLastMember, ErrQuorum.
	Remove(ctx context.Context, name string) error
}

// Member is one daemon of a cluster.
type Member struct {
	ID         string
	Name       string // "" until it was started once
	PeerURLs   []string
	ClientURLs []string
	Learner    bool // it catches up and has no vote yet
	Leader     bool
	Healthy    bool   // it answers
	Message    string // for a person: why it is not healthy, or what it is about
}

// Joining is what a new member must be started with.
type Joining struct {
	Token          string // of the cluster; no secret
	InitialCluster string // NAME=PEER-URL of every member, with commas
}

// cluster answers everything below /v1/cluster.
type cluster struct {
	members Cluster // nil: there is none
	log     *slog.Logger
}

func (h cluster) register(a huma.API) {
	op := func(id, method, path, summary, description string) huma.Operation {
		return operation(a, "cluster", id, method, "/v1/cluster/members"+path, summary, description)
	}
	add := op("add-member", http.MethodPost, "", "Let one more daemon into the cluster", addMemberText)
	add.DefaultStatus = http.StatusCreated
	remove := op("remove-member", http.MethodDelete, "/{name}", "Take a member out of the cluster", removeMemberText)
	remove.DefaultStatus = http.StatusNoContent
	huma.Register(a, op("list-members", http.MethodGet, "", "List the members of the cluster", "409 with the code no_cluster when there is none."), h.list)
	huma.Register(a, add, h.add)
	huma.Register(a, remove, h.remove)
}

type membersOutput struct{ Body wire.MemberList }

func (h cluster) list(ctx context.Context, _ *struct{}) (*membersOutput, error) {
	if h.members == nil {
		return nil, withoutCluster()
	}
	all, err := h.members.Members(ctx)
	if err != nil {
		return nil, h.problem("", err)
	}
	return &membersOutput{wire.MemberList{Items: renderMembers(all)}}, nil
}

type addMemberInput struct{ Body wire.MemberInput }

type addMemberOutput struct{ Body wire.Joining }

func (h cluster) add(ctx context.Context, in *addMemberInput) (*addMemberOutput, error) {
	if h.members == nil {
		return nil, withoutCluster()
	}
	if errs := checkMember(in.Body); len(errs) > 0 {
		return nil, invalidFields(errs)
	}
	joining, err := h.members.Add(ctx, in.Body.Name, in.Body.PeerURLs)
	if err != nil {
		return nil, h.problem(in.Body.Name, err)
	}
	return &addMemberOutput{wire.Joining{
		Name: in.Body.Name, PeerURLs: in.Body.PeerURLs, Token: joining.Token, InitialCluster: joining.InitialCluster,
	}}, nil
}

type removeMemberInput struct {
	Name string `path:"name" doc:"The member's name, or its id"`
}

func (h cluster) remove(ctx context.Context, in *removeMemberInput) (*struct{}, error) {
	if h.members == nil {
		return nil, withoutCluster()
	}
	if err := h.members.Remove(ctx, in.Name); err != nil {
		return nil, h.problem(in.Name, err)
	}
	return nil, nil
}

func withoutCluster() *wire.Problem {
	return noCluster.problem("this daemon keeps its state alone, or in a store that is somebody else's: it has no members to list, add or remove")
}

// problem makes a problem of what a Cluster failed with. The name is of the member that is meant.
func (h cluster) problem(name string, err error) *wire.Problem {
	switch {
	case errors.Is(err, ErrNoMember):
		return memberNotFound.problem("no member has this name or id; GET /v1/cluster/members lists those there are")
	case errors.Is(err, ErrMemberExists):
		return memberExists.problem("a member has this name, or one of these peer URLs: remove it first if the new one takes its place")
	case errors.Is(err, ErrLastMember):
		return lastMember.problem("it is the last member: without it there is no state; to end this installation stop its daemon")
	case errors.Is(err, ErrQuorum):
		h.log.Warn("the cluster was not changed", "member", name, "err", err)
		return quorumAtRisk.problem("too few of the voting members answer, or would be left: see that every member is healthy and every learner has its vote, then try again")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return timedOut.problem("the cluster did not answer in time; list its members before trying again")
	default:
		h.log.Error("the cluster failed", "member", name, "err", err)
		return storeUnavailable.problem("the cluster cannot be asked or changed now; the log says why; try again")
	}
}

// checkMember says what is wrong with a member to be added.
func checkMember(in wire.MemberInput) []wire.FieldError {
	var errs []wire.FieldError
	if !mirror.ValidName(in.Name) {
		errs = append(errs, wire.FieldError{Field: "name", Detail: "want 1 to 63 of a-z, 0-9 and inner hyphens"})
	}
	for i, text := range in.PeerURLs {
		if !validPeerURL(text) {
			errs = append(errs, wire.FieldError{
				Field: "peerURLs[" + strconv.Itoa(i) + "]", Detail: "want http or https, a host and a port, and nothing else, e.g. https://10.2.1.112:2380",
			})
		}
	}
	return errs
}

// validPeerURL reports whether text is scheme, host and port alone, so that it can stand in a list of members and on a command line.
func validPeerURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return false
	}
	host, port, err := net.SplitHostPort(u.Host)
	n, portErr := strconv.ParseUint(port, 10, 16)
	return err == nil && portErr == nil && n > 0 && hostPattern().MatchString(host) && text == u.Scheme+"://"+u.Host
}
