package vcenter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"

	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"

	"github.com/vspan-io/vspan/mirror"
)

// object names the vCenter in errors.
func (c Config) object() string {
	if c.Name == "" {
		return "vCenter " + c.address()
	}
	return fmt.Sprintf("vCenter %q at %s", c.Name, c.address())
}

// unreached makes a fault of a call that got no answer from a vCenter: no name, no route, no TLS, no SOAP.
func unreached(err error, config Config) *mirror.Fault {
	f := &mirror.Fault{Reason: mirror.VCenterUnreachable, Object: config.object()}
	if text := untrusted(err); text != "" {
		f.Text = text
		return f
	}
	f.Err = err
	const notVCenter = "answers, but not as a vCenter, or one that is still starting; check --vcenter-url, which is https://host/sdk"
	var network net.Error
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, new(*net.DNSError)):
		f.Text = "its name cannot be resolved; check --vcenter-url and DNS"
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout():
		f.Text = "did not answer in time; check the network and vCenter's load"
	case errors.As(err, new(*net.OpError)):
		f.Text = "cannot be reached; check --vcenter-url, the network and that vCenter runs"
	case errors.As(err, new(*url.Error)) || errors.As(err, new(xml.UnmarshalError)) || errors.As(err, &syntax) || errors.Is(err, io.EOF):
		f.Text = notVCenter
	default:
		f.Text = "the call failed"
	}
	return f
}

// unanswered explains a failure before the login.
func unanswered(ctx context.Context, err error, config Config) error {
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if f, _ := methodFault(err); f != nil {
		return &mirror.Fault{Reason: mirror.VCenterUnreachable, Object: config.object(), Text: "answers, but not as a vCenter does", Err: err}
	}
	return unreached(err, config)
}

// loginRefused explains a failure of the login. The password is not part of any message that comes back.
func loginRefused(ctx context.Context, err error, config Config) error {
	fault, message := methodFault(err)
	switch fault.(type) {
	case nil:
		return unanswered(ctx, err, config)
	case *types.InvalidLogin, *types.PasswordExpired, *types.InvalidClientCertificate:
		return mirror.Faultf(mirror.NotAuthenticated, config.object(), "refuses user %q: the name or the password is wrong, or the account is locked or expired (%s)", config.Username, nameOfFault(fault))
	case *types.NoPermission:
		return mirror.Faultf(mirror.NoPermission, config.object(), "user %q exists and has no role on this vCenter: give it one that holds DVSwitch.Vspan and System.Read", config.Username)
	default:
		// Not about the user, e.g. while vCenter's single sign-on still starts: it may be tried again soon.
		return mirror.Faultf(mirror.VCenterUnreachable, config.object(), "cannot log user %q in at this time (%s)%s", config.Username, nameOfFault(fault), saying(phrase(message)))
	}
}
