// Package result is what a run of the benchmarks finds: rows of figures, a table of them for people and JSON for programs.
package result

import "slices"

// Median is the middle of the figures, or the mean of the two in the middle; of none it is 0. The figures stay in their order.
func Median(figures []float64) float64 {
	n := len(figures)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(figures))
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}
