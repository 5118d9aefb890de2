package ringfile

import (
	"bufio"
	"errors"
	"os"
	"strings"

	"github.com/vspan-io/vspan/mirror/capture/pcapng"
)

// repair completes the files that a process which was killed, or a machine that stopped, left unfinished: each is cut back to its last
// whole block. f.mu is held. A file that cannot be repaired stays unfinished, and is deleted when its time has come.
func (f *folder) repair() error {
	list, err := f.list()
	for _, k := range list {
		if name, ok := strings.CutSuffix(k.name, unfinished); ok {
			err = errors.Join(err, f.repairFile(name))
		}
	}
	return err
}

func (f *folder) repairFile(name string) error {
	file, err := f.root.OpenFile(name+unfinished, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	whole, err := pcapng.Whole(bufio.NewReader(file))
	if err == nil {
		err = file.Truncate(whole)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if whole == 0 {
		return f.root.Remove(name + unfinished)
	}
	return f.root.Rename(name+unfinished, name)
}
