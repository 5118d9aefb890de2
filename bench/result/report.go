package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Report is a whole run.
type Report struct {
	Began   time.Time `json:"began"`
	Took    string    `json:"took"`
	Short   bool      `json:"short"` // the short form: too few packets for figures to rely on
	Machine Machine   `json:"machine"`
	Rows    []Row     `json:"rows"`
}

// Holds reports whether no row breaks its limit. Rows that were not measured break none.
func (r *Report) Holds() bool {
	for _, row := range r.Rows {
		if row.Holds != nil && !*row.Holds {
			return false
		}
	}
	return true
}

// WriteFile writes the report as JSON; a file of that name is replaced.
func (r *Report) WriteFile(path string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out := json.NewEncoder(f)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
