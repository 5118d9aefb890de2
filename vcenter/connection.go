package vcenter

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"

	"github.com/vspan-io/vspan/mirror"
)

const (
	dialTimeout = 10 * time.Second

	// maxReply bounds one reply of vCenter. A page of a property collector is far below; FetchDVPorts, which knows no pages, takes
	// about 5 kB for each port, and a switch has 60,000 at most.
	maxReply = 512 << 20
)

// connection is one login. It is not used again once it has ended.
type connection struct {
	vim   *vim25.Client
	login *session.Manager
	about About
	clock clock // vCenter's, as of the login

	pageSize int32 // objects of one reply

	end   sync.Once
	ended chan struct{} // closed when the login was found ended, or is given up
	users users

	tagging *tagging

	// noRefresh remembers that this vCenter has no RefreshDVPortState.
	noRefresh atomic.Bool
}

func (c *connection) finish() { c.end.Do(func() { close(c.ended) }) }

// within returns a ctx that ends with the login too, for waits: vCenter need not answer those when the login ends.
func (c *connection) within(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() {
		select {
		case <-c.ended:
			cancel(errLoginGone)
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		cancel(context.Canceled)
		watcher.Wait()
	}
}

// connect finds out that a vCenter answers and logs in. Its errors are faults.
func connect(ctx context.Context, config Config) (*connection, error) {
	password, err := config.password()
	if err != nil {
		return nil, err
	}
	transport, err := soapClient(config)
	if err != nil {
		return nil, &mirror.Fault{Reason: mirror.VCenterUnreachable, Object: config.object(), Text: "its certificate could not be verified", Err: err}
	}
	conn, err := open(ctx, config, transport, password)
	if err != nil {
		transport.CloseIdleConnections()
		return nil, err
	}
	return conn, nil
}

func open(ctx context.Context, config Config, transport *soap.Client, password Secret) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, config.timeout())
	defer cancel()
	vim, err := vim25.NewClient(ctx, transport)
	if err != nil {
		return nil, unanswered(ctx, err, config)
	}
	vim.RoundTripper = bounded{transport, config.timeout()}
	about := vim.ServiceContent.About
	if !vim.IsVC() || vim.ServiceContent.SessionManager == nil || vim.ServiceContent.ViewManager == nil {
		return nil, mirror.Faultf(mirror.NotSupported, config.object(), "is %s, not a vCenter: only a vCenter has distributed switches", phrase(about.FullName))
	}
	login := session.NewManager(vim)
	if err := login.Login(ctx, url.UserPassword(config.Username, password.Reveal())); err != nil {
		return nil, loginRefused(ctx, err, config)
	}
	looking, cancelLook := context.WithTimeout(ctx, clockAnswers)
	defer cancelLook()
	at, _ := lookAtClock(looking, vim) // without an answer the login may stand all the same: that is checked next
	return &connection{
		vim:      vim,
		login:    login,
		about:    About{Name: about.Name, Version: about.Version, Build: about.Build, InstanceUUID: about.InstanceUuid},
		clock:    at,
		pageSize: pageSize,
		ended:    make(chan struct{}),
		tagging:  newTagging(config),
	}, nil
}

// soapClient replaces govmomi's own TLS dialling, which heeds no deadline.
func soapClient(config Config) (*soap.Client, error) {
	verify, err := tlsConfig(config)
	if err != nil {
		return nil, err
	}
	client := soap.NewClient(config.URL, config.Insecure)
	client.UserAgent = "vspan"
	transport := client.DefaultTransport()
	transport.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
	transport.DialTLSContext = nil
	transport.TLSClientConfig = verify
	transport.TLSHandshakeTimeout = dialTimeout
	client.Client.Transport = bodyLimit{transport}
	// A redirect could carry the password elsewhere.
	client.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, nil
}

// close logs out once nobody uses the login, briefly, and lets go of the sockets. It works after the end of ctx as well.
func (c *connection) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	c.users.close(ctx)
	_ = c.login.Logout(ctx) // vCenter ends an idle login by itself
	c.vim.CloseIdleConnections()
	c.tagging.leave(ctx, func() bool { return true })
}

// farewell bounds what is tidied up on vCenter after the caller has gone.
const farewell = 5 * time.Second

// bounded gives every call of its own a deadline.
type bounded struct {
	soap.RoundTripper
	timeout time.Duration
}

func (b bounded) RoundTrip(ctx context.Context, req, res soap.HasFault) error {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	return b.RoundTripper.RoundTrip(ctx, req, res)
}

// bodyLimit cuts off replies that are too long to be true.
type bodyLimit struct{ *http.Transport }

func (l bodyLimit) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := l.Transport.RoundTrip(req)
	if err == nil {
		res.Body = http.MaxBytesReader(nil, res.Body, maxReply)
	}
	return res, err
}
