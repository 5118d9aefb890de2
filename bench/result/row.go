package result

// Row is one comparison, or the reason why it was not made.
type Row struct {
	Name  string `json:"name"`              // bench and what of it, e.g. "decode/hot"
	Work  string `json:"work"`              // what is measured, in a sentence
	Rival string `json:"rivalIs,omitempty"` // what ours is compared with
	Unit  string `json:"unit"`

	Ours   *float64 `json:"ours"`  // the median of the rounds, or of the stretches that they are made of
	Theirs *float64 `json:"rival"` // the same of the rival; null where there is none
	Ratio  *float64 `json:"ratio"` // ours / rival: the median of those of each and of what is beside it in time
	Limit  *float64 `json:"limit"` // null: shown, not judged
	// LimitOf says which figure Limit is the most of: ratio, or ours.
	LimitOf Figure `json:"limitOf,omitempty"`
	Holds   *bool  `json:"holds"` // null: not judged

	Instructions *Instructions `json:"instructions,omitempty"`

	Raw         map[string][]float64 `json:"raw,omitempty"` // the figures of all rounds, in their order
	Notes       []string             `json:"notes,omitempty"`
	NotMeasured string               `json:"notMeasured,omitempty"` // why there are no figures

	failed bool // whatever the figures
}

// Figure names a column.
type Figure string

// The figures that can be limited.
const (
	RatioFigure Figure = "ratio"
	OursFigure  Figure = "ours"
)

// Instructions are how many of them a unit of the work took, in user space. Where there is noise on the machine they have none.
type Instructions struct {
	Ours        float64 `json:"ours"`
	Rival       float64 `json:"rival"`
	Ratio       float64 `json:"ratio"`
	Unit        string  `json:"unit"`
	NotMeasured string  `json:"notMeasured,omitempty"`
}

// NewInstructions are two counts of the same unit.
func NewInstructions(ours, rival float64, unit string) *Instructions {
	return &Instructions{Ours: ours, Rival: rival, Ratio: ours / rival, Unit: unit}
}

// Compare fills in what follows from the figures, which are kept: of the rounds, or of the stretches of all rounds.
func (r *Row) Compare(ours, rival []float64) {
	r.keep("ours", ours)
	r.Ours = new(Median(ours))
	if len(rival) > 0 {
		r.keep("rival", rival)
		r.Theirs = new(Median(rival))
		r.Ratio = ratio(ours, rival)
	}
	r.judge()
}

// ratio is the median of the ratios one by one, or where there are not as many of both that of the medians. It is nil where the rival's
// figure is 0.
func ratio(ours, rival []float64) *float64 {
	if len(ours) != len(rival) {
		ours, rival = []float64{Median(ours)}, []float64{Median(rival)}
	}
	ratios := make([]float64, len(ours))
	for i := range ours {
		if rival[i] <= 0 {
			return nil
		}
		ratios[i] = ours[i] / rival[i]
	}
	return new(Median(ratios))
}

// AtMost sets the limit of a figure. A row is judged when it has both.
func (r *Row) AtMost(limit float64, of Figure) {
	r.Limit, r.LimitOf = &limit, of
	r.judge()
}

func (r *Row) judge() {
	figure := r.Ours
	if r.LimitOf == RatioFigure {
		figure = r.Ratio
	}
	if figure != nil && r.Limit != nil {
		r.Holds = new(*figure <= *r.Limit && !r.failed)
	}
}

// Fail makes the row one that does not hold, whatever its figures, and notes why.
func (r *Row) Fail(why string) {
	r.Holds, r.failed = new(false), true
	r.Note(why)
}

// Join adds the figures of the same row when it was measured once more. What is noted is that of the last time, and what failed has failed.
func (r *Row) Join(o *Row) {
	switch {
	case o.Ours == nil:
		r.Note("once more it was not measured: " + o.NotMeasured)
		return
	case r.Ours == nil:
		o.Instructions, o.failed = r.Instructions, o.failed || r.failed
		o.Note("once it was not measured: " + r.NotMeasured)
		*r = *o
		r.judge()
		return
	}
	if r.failed = r.failed || o.failed; !r.failed || o.failed {
		r.Notes = o.Notes
	}
	for name, figures := range o.Raw {
		r.keep(name, append(r.Raw[name], figures...))
	}
	r.Compare(r.Raw["ours"], r.Raw["rival"])
}

// Note adds a sentence for the reader of the table.
func (r *Row) Note(sentence string) { r.Notes = append(r.Notes, sentence) }

// Keep keeps figures of the rounds that the comparison itself is not made of.
func (r *Row) Keep(name string, figures []float64) { r.keep(name, figures) }

func (r *Row) keep(name string, figures []float64) {
	if r.Raw == nil {
		r.Raw = make(map[string][]float64)
	}
	r.Raw[name] = figures
}
