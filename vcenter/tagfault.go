package vcenter

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"

	"github.com/vspan-io/vspan/mirror"
)

// tagging names the tagging service in errors.
func (c Config) tagging() string { return "the tagging service of " + c.object() }

// newTagManager makes a client of the tagging service that trusts what the other one trusts.
func newTagManager(config Config) (*tags.Manager, error) {
	client, err := soapClient(config)
	if err != nil {
		return nil, err
	}
	client.Client.Transport = wholeReplies{client.Client.Transport}
	client.Client.Timeout = config.timeout()
	return tags.NewManager(&rest.Client{Client: client}), nil
}

// wholeReplies refuses replies that are a success and say nothing: govmomi would take them for empty lists.
type wholeReplies struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (w wholeReplies) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := w.RoundTripper.RoundTrip(req)
	if err == nil && req.Method != http.MethodDelete && res.StatusCode > http.StatusOK && res.StatusCode < http.StatusMultipleChoices {
		_ = res.Body.Close()
		return nil, fmt.Errorf("it answers %s instead of telling", phrase(res.Status))
	}
	return res, err
}

// explain makes err a fault that names the service and the user, unless it is one, or the caller's own ctx ended.
func (t *tagging) explain(ctx context.Context, err error) error {
	if _, done := errors.AsType[*mirror.Fault](err); done {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", t.config.tagging(), context.Cause(ctx))
	}
	f := &mirror.Fault{Reason: mirror.VCenterUnreachable, Object: t.config.tagging()}
	if rest.IsStatusError(err, http.StatusForbidden) {
		f.Reason = mirror.NoPermission
		f.Text = fmt.Sprintf("user %q may not read tags: give it System.Read at the root of the inventory, global permissions included", t.config.Username)
		return f
	}
	f.Text = fmt.Sprintf("cannot be asked by user %q which VMs bear which tags", t.config.Username)
	if text := untrusted(err); text != "" {
		f.Text += ": " + text
		return f
	}
	f.Err = errors.New(phrase(err.Error())) // a reply that refuses is quoted in it
	return f
}
