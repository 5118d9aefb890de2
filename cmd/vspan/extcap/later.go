package extcap

import (
	"os"
	"os/exec"
)

// Later has another process ask the daemon for what there is to capture, and keep it. It does not wait for it: there is nothing to do
// about one that cannot be started.
func Later(server string) {
	self, err := os.Executable()
	if err != nil {
		return
	}
	cmd := exec.Command(self, "extcap", "--refresh", "--server", server)
	cmd.SysProcAttr = apart()
	if cmd.Start() == nil {
		_ = cmd.Process.Release()
	}
}
