package evidence

import (
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

// refusals counts what could not be read, by the reason.
type refusals struct {
	gre    [gre.NumRefusals]uint64
	erspan [erspan.NumRefusals]uint64
	frame  [frame.NumRefusals]uint64
	other  uint64 // a reason no package of ours knows: counted all the same
}

func (r *refusals) count(err error) {
	switch reason := err.(type) {
	case gre.Refusal:
		r.gre[reason]++
	case erspan.Refusal:
		r.erspan[reason]++
	case frame.Refusal:
		r.frame[reason]++
	default:
		r.other++
	}
}

// byName lists the counts that are not zero.
func (r *refusals) byName() map[string]uint64 {
	names := make(map[string]uint64)
	for _, reason := range gre.Refusals() {
		addCount(names, reason.String(), r.gre[reason])
	}
	for _, reason := range erspan.Refusals() {
		addCount(names, reason.String(), r.erspan[reason])
	}
	for _, reason := range frame.Refusals() {
		addCount(names, reason.String(), r.frame[reason])
	}
	addCount(names, "other", r.other)
	return names
}

func addCount(counts map[string]uint64, name string, n uint64) {
	if n > 0 {
		counts[name] += n
	}
}

// RefusalNames lists every name that View.Refused may have.
func RefusalNames() []string {
	names := []string{"other"}
	for _, reason := range gre.Refusals() {
		names = append(names, reason.String())
	}
	for _, reason := range erspan.Refusals() {
		names = append(names, reason.String())
	}
	for _, reason := range frame.Refusals() {
		names = append(names, reason.String())
	}
	return names
}
