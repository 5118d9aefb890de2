package main

import (
	"slices"
	"testing"
)

func TestInTurn(t *testing.T) {
	const said = `goos: linux
BenchmarkFlowsInTurn-2   	      20	 143867948 ns/op	        62.21 evidence-ns	       311.3 flows-ns	         5.004 ratio
BenchmarkFlowsInTurn-2   	      20	 140000000 ns/op	        60 evidence-ns	       120 flows-ns	         2.000 ratio
PASS
`
	alone, both := inTurn(said)
	if !slices.Equal(alone, []float64{62.21, 60}) || !slices.Equal(both, []float64{311.3, 120}) {
		t.Errorf("%v and %v", alone, both)
	}
	if alone, _ = inTurn("PASS\n"); alone != nil {
		t.Errorf("%v of nothing", alone)
	}
}
