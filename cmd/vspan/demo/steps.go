package demo

import (
	"context"
)

// step is one thing the demo shows; it holds or it does not.
type step struct {
	name string
	act  func(*play, context.Context) error
}

// steps are the wizard, and then everything the wizard never tells.
var steps = []step{
	{"ports", (*play).listPorts},
	{"sessions", (*play).createSessions},
	{"arriving", (*play).showArriving},
	{"http", (*play).showHTTP},
	{"probe", (*play).probe},
	{"vmotion", (*play).moveVM},
	{"broken path", (*play).breakPath},
	{"disable", (*play).disable},
}

// asked are the sessions the demo creates: one of each encapsulation.
var asked = []struct{ name, vm, encapsulation string }{
	{"web-01-gre", "web-01", "gre"},
	{"web-02-erspan2", "web-02", "erspan2"},
	{"db-01-erspan3", "db-01", "erspan3"},
}

const switchName = "DVS0"
