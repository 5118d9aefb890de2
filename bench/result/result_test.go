package result

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		figures []float64
		want    float64
	}{
		{nil, 0},
		{[]float64{3}, 3},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 9, 2}, 3},
	} {
		before := append([]float64(nil), c.figures...)
		if got := Median(c.figures); got != c.want {
			t.Errorf("%v: %v, want %v", before, got, c.want)
		}
		for i := range before {
			if c.figures[i] != before[i] {
				t.Errorf("%v was reordered to %v", before, c.figures)
			}
		}
	}
}

func TestRowIsJudged(t *testing.T) {
	for name, c := range map[string]struct {
		ours, rival []float64
		limit       float64
		of          Figure
		want        bool
	}{
		"below":           {[]float64{1, 2, 3}, []float64{10, 10, 10}, 0.25, RatioFigure, true},
		"at":              {[]float64{2}, []float64{4}, 0.5, RatioFigure, true},
		"above":           {[]float64{3}, []float64{4}, 0.5, RatioFigure, false},
		"rounds apart":    {[]float64{10, 20, 11}, []float64{20, 40, 41}, 0.3, RatioFigure, false}, // a machine that is slow at times is so for both
		"none lost":       {[]float64{0, 0}, nil, 0, OursFigure, true},
		"one lost of ten": {[]float64{1, 0}, nil, 0, OursFigure, false},
	} {
		t.Run(name, func(t *testing.T) {
			var r Row
			r.AtMost(c.limit, c.of)
			r.Compare(c.ours, c.rival)
			if r.Holds == nil || *r.Holds != c.want {
				t.Errorf("%+v, want %v", r, c.want)
			}
		})
	}
	var r Row
	r.AtMost(1, RatioFigure)
	if r.Holds != nil {
		t.Error("a row without figures was judged")
	}
}

// A row that is measured again has the figures of all times. What failed once has failed, and what could be measured once was measured.
func TestJoin(t *testing.T) {
	made := func(ours, rival float64) Row {
		r := Row{Name: "live/total"}
		r.AtMost(0.7, RatioFigure)
		r.Compare([]float64{ours}, []float64{rival})
		r.Note("as measured")
		return r
	}
	sum, slow, again := made(6, 10), made(9, 10), made(7, 10)
	sum.Join(&slow)
	sum.Join(&again)
	if *sum.Ratio != 0.7 || !*sum.Holds || len(sum.Raw["ours"]) != 3 || len(sum.Raw["rival"]) != 3 || len(sum.Notes) != 1 {
		t.Errorf("%+v", sum)
	}

	lost, found := made(6, 10), made(6, 10)
	lost.Fail("packets were lost")
	lost.Join(&found)
	found.Join(&lost)
	for _, r := range []Row{lost, found} {
		if *r.Holds || !slices.Contains(r.Notes, "packets were lost") {
			t.Errorf("%+v", r)
		}
	}

	absent := func() Row {
		r := Row{Name: "live/total", NotMeasured: "interrupted"}
		r.AtMost(0.7, RatioFigure)
		return r
	}
	before, after, measured := absent(), absent(), made(6, 10)
	before.Join(&measured)
	measured.Join(&after)
	for _, r := range []Row{before, measured} {
		if r.NotMeasured != "" || r.Holds == nil || !*r.Holds || len(r.Raw["ours"]) != 1 || !strings.Contains(strings.Join(r.Notes, " "), "interrupted") {
			t.Errorf("%+v", r)
		}
	}
}

func TestReport(t *testing.T) {
	measured := Row{Name: "decode/hot", Work: "decoding", Rival: "gopacket", Unit: "ns"}
	measured.Compare([]float64{30, 40, 50}, []float64{200, 100, 150})
	measured.AtMost(0.25, RatioFigure)
	absent := Row{Name: "live/ring", Work: "receiving", Unit: "ns", NotMeasured: "needs root"}
	absent.AtMost(0.7, RatioFigure)
	r := Report{Machine: Machine{CPU: "a CPU", CPUs: 2}, Rows: []Row{measured, absent}}
	if r.Holds() {
		t.Error("0.333 is not at most 0.25")
	}

	var out strings.Builder
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"decode/hot  40.0  150    ns    0.333  ≤ 0.250 ×  NO", "live/ring   -     -      ns    -      ≤ 0.700 ×  not measured", "not measured: needs root"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}

	path := filepath.Join(t.TempDir(), "bench.json")
	if err := r.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Rows []struct {
			Name                      string
			Ours, Rival, Ratio, Limit *float64
			Holds                     *bool
			Raw                       map[string][]float64
			NotMeasured               string
		}
	}
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	hot, live := back.Rows[0], back.Rows[1]
	if hot.Name != "decode/hot" || *hot.Ours != 40 || *hot.Rival != 150 || *hot.Limit != 0.25 || *hot.Holds || len(hot.Raw["rival"]) != 3 {
		t.Errorf("written as %s", text)
	}
	if live.Ours != nil || live.Holds != nil || live.NotMeasured == "" {
		t.Errorf("what was not measured was written as %s", text)
	}
}
