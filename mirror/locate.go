package mirror

import (
	"fmt"
	"strings"
)

// Locate finds the one switch a spec belongs to: the one it names, or the one that its sources settle. switches are those of all
// vCenters. The only switch there is to choose from is taken whether it has the sources or not: Place says what is missing.
func Locate(spec Spec, switches []Switch) (Switch, *Fault) {
	var candidates []Switch
	for _, sw := range switches {
		if (spec.VCenter == "" || spec.VCenter == sw.ID.VCenter) && (spec.Switch == "" || spec.Switch == sw.Name) {
			candidates = append(candidates, sw)
		}
	}
	switch {
	case len(candidates) == 0 && spec.Switch != "":
		return Switch{}, Faultf(SwitchNotFound, fmt.Sprintf("switch %q", spec.Switch), "there is no such distributed switch%s; there is %s", onVCenter(spec), namesOf(switches))
	case len(candidates) == 0:
		return Switch{}, Faultf(SwitchNotFound, "", "there is no distributed switch%s", onVCenter(spec))
	case len(candidates) == 1:
		return candidates[0], nil
	case spec.Switch != "":
		return Switch{}, Faultf(SwitchAmbiguous, fmt.Sprintf("switch %q", spec.Switch), "several switches bear this name: say which vcenter")
	}
	return settle(spec, candidates)
}

// settle picks the candidate on which a source is found; when none is, the fault of the first source says why.
func settle(spec Spec, candidates []Switch) (Switch, *Fault) {
	var fits []Switch
	var fault *Fault
	for _, sw := range candidates {
		for _, src := range spec.Sources {
			_, f := find(src, spec, sw)
			if f == nil {
				fits = append(fits, sw)
				break
			}
			// "It is there, but on no switch" says more than "it is not there", which every other vCenter says too.
			if fault == nil || f.Reason != SourceGone {
				fault = f
			}
		}
	}
	switch len(fits) {
	case 0:
		return Switch{}, fault
	case 1:
		return fits[0], nil
	default:
		return Switch{}, Faultf(SwitchAmbiguous, spec.Sources[0].String(), "the sources are on several switches (%s): say which switch is meant", namesOf(fits))
	}
}

func onVCenter(spec Spec) string {
	if spec.VCenter == "" {
		return ""
	}
	return fmt.Sprintf(" on vCenter %q", spec.VCenter)
}

func namesOf(switches []Switch) string {
	if len(switches) == 0 {
		return "none"
	}
	var names []string
	for _, sw := range switches {
		names = append(names, fmt.Sprintf("%q", sw.Name))
	}
	return strings.Join(names, ", ")
}
