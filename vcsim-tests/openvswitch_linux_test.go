package vcsimtests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	ovsSchema = "/usr/share/openvswitch/vswitch.ovsschema"
	hostMTU   = "9000" // of the path from the host to the receiver: a mirrored frame is larger than its original
)

// hypervisor is a host with an Open vSwitch: the bridge br0 has the guests' ports, the bridge phy leads to the receiver. Its datapath
// runs in userspace (datapath_type=netdev), so that the kernel needs no module.
type hypervisor struct {
	t   *testing.T
	ns  *namespace
	dir string // sockets and database of the switch
}

// needOpenVSwitch skips the test where the programs are missing.
func needOpenVSwitch(t *testing.T) {
	t.Helper()
	for _, name := range []string{"ip", "ping", "ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("needs %s (Debian: openvswitch-switch, iproute2, iputils-ping)", name)
		}
	}
	for _, name := range []string{ovsSchema, "/dev/net/tun"} {
		if _, err := os.Stat(name); err != nil {
			t.Skipf("needs %s for Open vSwitch's userspace datapath", name)
		}
	}
}

// newHypervisor starts Open vSwitch in a namespace of its own, joined to the receiver's by a cable with address at this end.
func newHypervisor(t *testing.T, receiver *namespace, address string) *hypervisor {
	t.Helper()
	h := &hypervisor{t: t, ns: newNamespace(t)}
	var err error
	if h.dir, err = os.MkdirTemp("", "ovs-"); err != nil { // t.TempDir is too long a path for a socket
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(h.dir) })
	database := filepath.Join(h.dir, "conf.db")
	if out, err := h.ns.run(exec.Command("ovsdb-tool", "create", database, ovsSchema)); err != nil {
		t.Fatalf("create the switch's database: %v: %s", err, out)
	}
	h.start("ovsdb-server", database, "--remote=p"+h.socket())
	h.start("ovs-vswitchd", h.socket(), "--disable-system")
	h.vsctl("--no-wait", "init")

	join(t, h.ns, "u0", receiver, "u0")
	h.ns.ip(t, "link set u0 mtu "+hostMTU)
	receiver.ip(t, "link set u0 mtu "+hostMTU)
	h.vsctl("add-br", "phy", "--", "set", "bridge", "phy", "datapath_type=netdev", "--", "add-port", "phy", "u0")
	h.ns.ip(t, "addr add "+address+" dev phy")
	h.ns.ip(t, "link set phy mtu "+hostMTU+" up")
	h.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
	return h
}

func (h *hypervisor) socket() string { return "unix:" + filepath.Join(h.dir, "db.sock") }

// start runs one of the switch's programs for the length of the test.
func (h *hypervisor) start(name string, arguments ...string) {
	h.t.Helper()
	arguments = append(arguments, "--unixctl="+filepath.Join(h.dir, name+".ctl"), "-vsyslog:off", "-vconsole:warn")
	start(h.t, h.command(name, arguments...), h.ns.launch)
}

func (h *hypervisor) command(name string, arguments ...string) *exec.Cmd {
	cmd := exec.Command(name, arguments...)
	cmd.Env = append(os.Environ(), "OVS_RUNDIR="+h.dir, "OVS_LOGDIR="+h.dir, "OVS_DBDIR="+h.dir)
	return cmd
}

// vsctl changes the switch and returns when it has taken the change.
func (h *hypervisor) vsctl(arguments ...string) {
	h.t.Helper()
	arguments = append([]string{"--retry", "--timeout=15", "--db=" + h.socket()}, arguments...)
	if out, err := h.ns.run(h.command("ovs-vsctl", arguments...)); err != nil {
		h.t.Fatalf("ovs-vsctl %s: %v: %s", strings.Join(arguments, " "), err, out)
	}
}

// mirror sends a copy of what crosses a guest's port, both ways, through a tunnel with these settings.
func (h *hypervisor) mirror(port, kind, receiver string, options ...string) {
	h.t.Helper()
	out, name := "m-"+port, "mirror-"+port
	arguments := []string{"add-port", "br0", out, "--", "set", "interface", out, "type=" + kind, "options:remote_ip=" + receiver}
	for _, o := range options {
		arguments = append(arguments, "options:"+o)
	}
	arguments = append(arguments, "--", "--id=@from", "get", "port", port, "--", "--id=@to", "get", "port", out,
		"--", "--id=@mirror", "create", "mirror", "name="+name, "select-src-port=@from", "select-dst-port=@from", "output-port=@to",
		"--", "add", "bridge", "br0", "mirrors", "@mirror")
	h.vsctl(arguments...)
}

// stopMirrors ends all mirroring. Guests go on talking. The tunnels go too: without a mirror they are ports like any other, and the
// bridge would flood frames into them.
func (h *hypervisor) stopMirrors(guests []*guest) {
	h.t.Helper()
	arguments := []string{"clear", "bridge", "br0", "mirrors"}
	for _, g := range guests {
		arguments = append(arguments, "--", "del-port", "br0", "m-"+g.port)
	}
	h.vsctl(arguments...)
}

// guest is a virtual machine on the hypervisor: a namespace with one interface.
type guest struct {
	ns      *namespace
	port    string // of br0
	address string
}

// newGuest plugs guest number n into the bridge.
func (h *hypervisor) newGuest(n int, mac string) *guest {
	h.t.Helper()
	g := &guest{ns: newNamespace(h.t), port: fmt.Sprintf("p%d", n), address: fmt.Sprintf("172.31.251.%d", n)}
	join(h.t, h.ns, g.port, g.ns, "e0")
	g.ns.ip(h.t, "link set e0 address "+mac)
	g.ns.computeChecksums(h.t, "e0")
	g.ns.ip(h.t, "addr add "+g.address+"/24 dev e0")
	h.vsctl("add-port", "br0", g.port)
	return g
}
