package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/bench/result"
)

// TestMain lets the test binary be the child that benches start of themselves.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArgument {
		os.Exit(exit(child(context.Background(), os.Args[2:], os.Stdin, os.Stdout)))
	}
	os.Exit(m.Run())
}

func TestQuickDecode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bench.json")
	var out strings.Builder
	err := run(t.Context(), []string{"-quick", "-only", "decode", "-o", path}, &out, io.Discard)
	if err != nil && !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var report result.Report
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if !report.Short || report.Machine.Kernel == "" || len(report.Rows) != 5 {
		t.Fatalf("got %s", text)
	}
	for _, row := range report.Rows {
		if !strings.Contains(out.String(), row.Name) {
			t.Errorf("%s is not in the table:\n%s", row.Name, out.String())
		}
		if row.NotMeasured != "" || row.Ours == nil {
			t.Errorf("%s was not measured: %s", row.Name, row.NotMeasured)
			continue
		}
		if row.Theirs == nil {
			continue
		}
		var ratios []float64
		for i, ours := range row.Raw["ours"] {
			ratios = append(ratios, ours/row.Raw["rival"][i])
		}
		if got, want := *row.Ratio, result.Median(ratios); got != want || got <= 0 {
			t.Errorf("%s: ratio %v, from the rounds %v", row.Name, got, want)
		}
	}
}

// What is measured by turns comes to a row of each, with the figures of all turns, and what is measured once is not measured again.
func TestTurns(t *testing.T) {
	var order []string
	of := func(name string, once bool) bench {
		return bench{name, once, func(*setting) []result.Row { return []result.Row{{Name: name}} }, func(_ context.Context, s *setting, rows []result.Row) error {
			order = append(order, name)
			rows[0].Compare([]float64{float64(len(order))}, []float64{1})
			return nil
		}}
	}
	rows := measure(t.Context(), &setting{turns: 3, log: io.Discard}, []bench{of("a", false), of("once", true), of("b", false)})
	if want := "a once b a b a b"; strings.Join(order, " ") != want {
		t.Errorf("measured %v, want %s", order, want)
	}
	var figures [][]float64
	for _, r := range rows {
		figures = append(figures, r.Raw["ours"])
	}
	if want := [][]float64{{1, 4, 6}, {2}, {3, 5, 7}}; !reflect.DeepEqual(figures, want) || *rows[0].Ratio != 4 {
		t.Errorf("figures %v of ratio %v, want %v", figures, *rows[0].Ratio, want)
	}
}

// A row that cannot be measured is there, with the reason and its limit.
func TestNotMeasured(t *testing.T) {
	b := bench{"some", false, func(*setting) []result.Row { return lossRows(&setting{}) }, func(_ context.Context, _ *setting, rows []result.Row) error {
		return errors.New("needs root")
	}}
	rows := b.run(t.Context(), &setting{})
	if len(rows) != 1 || rows[0].NotMeasured != "needs root" || rows[0].Limit == nil || rows[0].Holds != nil {
		t.Errorf("%+v", rows)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rows := b.run(ctx, &setting{}); rows[0].NotMeasured != "interrupted" {
		t.Errorf("%+v", rows)
	}
}

func TestSetting(t *testing.T) {
	for arguments, want := range map[string]string{
		"":                      "decode inspect live xdp loss memory sessions flows",
		"-only xdp":             "xdp",
		"-soak 15m":             "decode inspect live xdp loss memory sessions flows soak",
		"-only soak -soak 15m":  "soak",
		"-only soak":            "error",
		"-only nothing":         "error",
		"-path nowhere":         "error",
		"-rate 0":               "error",
		"-rounds -1":            "error",
		"-turns -1":             "error",
		"-quick and more":       "error",
		"-quick -only sessions": "sessions",
	} {
		s, err := readSetting(strings.Fields(arguments), io.Discard)
		got := "error"
		if err == nil {
			var list []string
			for _, b := range chosen(s) {
				list = append(list, b.name)
			}
			got = strings.Join(list, " ")
		}
		if got != want {
			t.Errorf("%q: %s (%v), want %s", arguments, got, err, want)
		}
	}
}
