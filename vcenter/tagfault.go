package vcenter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// wholeReplies refuses replies that are a success and tell no value: govmomi would take them for empty lists.
type wholeReplies struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (w wholeReplies) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := w.RoundTripper.RoundTrip(req)
	if err != nil || req.Method == http.MethodDelete || res.StatusCode < http.StatusOK || res.StatusCode >= http.StatusMultipleChoices {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		return nil, err
	}
	var reply map[string]json.RawMessage
	if err := json.Unmarshal(body, &reply); err != nil {
		return nil, fmt.Errorf("its answer is not JSON: %w", err)
	}
	if _, told := reply["value"]; !told {
		return nil, fmt.Errorf("it answers %s without telling", phrase(res.Status))
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
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
