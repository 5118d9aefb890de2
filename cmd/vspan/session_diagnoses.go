package main

import (
	"fmt"

	"github.com/vspan-io/vspan/api/wire"
)

// printDiagnoses prints what is wrong beside the verdict, and what to do about it.
func printDiagnoses(p page, list []wire.Diagnosis) error {
	if len(list) == 0 {
		return nil
	}
	if err := p.w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(p.out)
	for _, d := range list {
		p.fact("Diagnosis", fmt.Sprintf("%s (%s): %s", d.Code, d.Severity, d.Message))
		p.fact("Next", d.Remedy)
	}
	return p.w.Flush()
}
