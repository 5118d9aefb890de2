package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/doctor"
)

// printDoctor prints every check, worst first, with what to do below each that is not ok, and a line that sums them up.
func printDoctor(w io.Writer, checks []wire.DoctorCheck) error {
	if err := printChecks(w, checks); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", sumUp(checks))
	return err
}

// printChecks prints checks for a person: STATUS, CHECK and FINDING, in columns.
func printChecks(w io.Writer, checks []wire.DoctorCheck) error {
	wide := len("CHECK")
	for _, c := range checks {
		wide = max(wide, len(c.Code))
	}
	paint := painter(w)
	var b strings.Builder
	fmt.Fprintf(&b, "%-7s  %-*s  %s\n", "STATUS", wide, "CHECK", "FINDING")
	for _, c := range checks {
		subject := doctorSubject(c)
		fmt.Fprintf(&b, "%s  %-*s  %s\n", paint(c.Status, fmt.Sprintf("%-7s", printable(c.Status))), wide, printable(c.Code), printable(subject+": "+c.Message))
		if c.Remedy != "" {
			fmt.Fprintf(&b, "%-7s  %-*s  do: %s\n", "", wide, "", printable(c.Remedy))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// defaultVCenter is the name of a vCenter that was given none.
const defaultVCenter = "default"

// doctorSubject names what a check is about.
func doctorSubject(c wire.DoctorCheck) string {
	kind := doctor.NoKind
	for _, k := range doctor.Kinds() {
		if k.String() == c.Subject.Kind {
			kind = k
		}
	}
	name := doctor.Subject{Kind: kind, Names: c.Subject.Names}.String()
	if c.VCenter != "" && kind != doctor.VCenterKind && c.VCenter != defaultVCenter {
		name += " (" + c.VCenter + ")"
	}
	return name
}

// sumUp says how many checks came out how.
func sumUp(checks []wire.DoctorCheck) string {
	var parts []string
	for _, s := range []doctor.Status{doctor.Failed, doctor.Warning, doctor.Unknown, doctor.OK} {
		switch n := countStatus(checks, s.String()); {
		case n == 0:
		case n > 1 && s == doctor.Warning:
			parts = append(parts, fmt.Sprintf("%d warnings", n))
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(parts, ", ")
}

func countStatus(checks []wire.DoctorCheck, status string) int {
	n := 0
	for _, c := range checks {
		if c.Status == status {
			n++
		}
	}
	return n
}

// painter colours text by a status where w is a terminal and nobody said that he wants no colours (https://no-color.org).
func painter(w io.Writer) func(status, text string) string {
	plain := func(_, text string) string { return text }
	file, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return plain
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return plain
	}
	return coloured
}

// coloured surrounds text by the colour of a status (ECMA-48, SGR).
func coloured(status, text string) string {
	colour := map[string]string{
		doctor.Failed.String(): "31", doctor.Warning.String(): "33", doctor.Unknown.String(): "36", doctor.OK.String(): "32",
	}[status]
	if colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
