package vcenter

import (
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// Health is how the connection to vCenter stands.
type Health struct {
	Name      string // of the configured vCenter
	Address   string // host:port
	Connected bool
	Since     time.Time     // when Connected became what it is; zero before the first try ended
	Fault     *mirror.Fault // why it is not connected; nil when it is, and before the first try ended
	NextTry   time.Time     // of the next login, while not connected
	Failures  int           // logins that failed in a row
	Logins    uint64        // logins that succeeded since start: more than one means sessions ended
	About     About         // as of the last login
	Skew      time.Duration // vCenter's clock minus ours, as of the last keepalive; half the round trip is its error
}

// About is what a vCenter says it is.
type About struct {
	Name, Version, Build, InstanceUUID string
}
