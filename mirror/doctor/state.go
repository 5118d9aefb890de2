package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// What a data directory must have free: a record takes a few kB, and the store refuses to write when it cannot compact.
const (
	freeOfNote = 256 << 20
	freeOfHarm = 32 << 20
)

// state checks where the daemon keeps what it must not lose, and what stands under its name.
func (x *examination) state() {
	s := x.State
	if !s.Known {
		x.daemon(DataDirectory, Unknown, "where the state is kept was not looked at", "ask the daemon that keeps it")
	} else {
		x.directory(s)
	}
	x.installation(s)
}

func (x *examination) daemon(code Code, status Status, message, remedy string) {
	x.note(code, "", DaemonKind, "vspan", status, message, remedy)
}

func (x *examination) directory(s State) {
	const othersMay = 0o077
	switch {
	case s.Fault != "":
		x.daemon(DataDirectory, Failed, s.Fault, "mend it: without it nothing is acknowledged")
	case s.Directory == "" && s.Where != "" && s.Where != "memory":
		x.daemon(DataDirectory, OK, "kept in "+s.Where, "")
	case s.Directory == "":
		x.daemon(DataDirectory, Warning, "what is asked for is kept in memory: after a restart nobody knows it, and what stands on the switches runs on until its expiry", "say --data-dir")
	case s.FreeBytes == nil:
		x.daemon(DataDirectory, Unknown, "how much is free for "+s.Directory+" could not be read", "look at 'df "+s.Directory+"'")
	case *s.FreeBytes < freeOfHarm:
		x.daemon(DataDirectory, Failed, fmt.Sprintf("only %d MiB are free for %s", *s.FreeBytes>>20, s.Directory), "make room: a full disk refuses new sessions")
	case *s.FreeBytes < freeOfNote:
		x.daemon(DataDirectory, Warning, fmt.Sprintf("%d MiB are free for %s", *s.FreeBytes>>20, s.Directory), "make room: a full disk refuses new sessions")
	case s.Mode&othersMay != 0:
		x.daemon(DataDirectory, Warning, fmt.Sprintf("%s has the permissions %04o: others than its owner get in", s.Directory, s.Mode), "chmod 700 "+s.Directory)
	default:
		x.daemon(DataDirectory, OK, fmt.Sprintf("kept in %s, %d MiB free", s.Directory, *s.FreeBytes>>20), "")
	}
}

// installation checks that nothing stands under our name that nobody asked for, and says who else is on the switches.
func (x *examination) installation(s State) {
	if s.Owner == "" || !s.OrphansSet {
		x.daemon(Installation, Unknown, "what stands under the name of this installation was not looked for", "ask the daemon: 'vspan orphans list'")
		return
	}
	if n := len(s.Orphans); n > 0 {
		var names []string
		for _, o := range s.Orphans {
			names = append(names, fmt.Sprintf("%q on %s", o.Name, o.Switch))
		}
		slices.Sort(names)
		x.daemon(Installation, Warning, fmt.Sprintf("%d session(s) bear the name of this installation, %s, and nobody asks for them: %s; the state was lost, or another installation has the same name", n, s.Owner, enumerate(names)),
			"'vspan orphans list', then adopt or remove them; if another installation is at work, give one of the two another --installation")
		return
	}
	others := make(map[string]int)
	for _, v := range x.VCenters {
		for _, sw := range v.Switches {
			for _, on := range sw.Sessions {
				if m, ok := on.Marker(); ok && m.Owner != s.Owner {
					others[m.Owner]++
				}
			}
		}
	}
	message := "nothing stands under the name " + s.Owner + " that nobody asked for"
	if len(others) > 0 {
		message += "; other installations have sessions too, which are never touched: " + enumerate(slices.SortedFunc(maps.Keys(others), cmp.Compare))
	}
	x.daemon(Installation, OK, message, "")
}
