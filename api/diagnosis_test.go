package api

import (
	"reflect"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// What the description of the API promises of codes is what there is.
func TestDiagnosisCodesAreDescribed(t *testing.T) {
	field, _ := reflect.TypeFor[wire.Diagnosis]().FieldByName("Code")
	var codes []string
	for _, c := range mirror.DiagnosisCodes() {
		codes = append(codes, c.String())
	}
	if got, want := field.Tag.Get("enum"), strings.Join(codes, ","); got != want {
		t.Errorf("described %s\nwant      %s", got, want)
	}
}

func TestDeliveryThatWasNotMeasured(t *testing.T) {
	if d := renderDelivery(mirror.Delivery{}); d != nil {
		t.Errorf("got %+v", d)
	}
	if d := renderDelivery(mirror.Delivery{Over: 1}); d == nil || d.Ratio != nil {
		t.Errorf("nothing was expected: got %+v", d)
	}
}
