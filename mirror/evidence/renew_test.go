package evidence

import (
	"net/netip"
	"reflect"
	"testing"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// A table is kept as long as what is expected stays the same, and whatever changes makes a new one.
func TestRenew(t *testing.T) {
	made := func() []Expectation {
		e := expects("s", erspan.TypeII, 5, at("101", alice, "esx-01"))
		e.Sampling, e.Destinations = 1, []netip.Addr{receiver}
		return []Expectation{e}
	}
	var none *Table
	table := none.Renew(made())
	if again := table.Renew(made()); again != table {
		t.Error("the same expectations made a new table")
	}
	if again := table.Renew(append(made(), made()...)); again == table {
		t.Error("a session more made no new table")
	}
	changed := 0
	for i := range reflect.TypeFor[Expectation]().NumField() {
		es := made()
		switch f := reflect.ValueOf(&es[0]).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("another")
		case reflect.Bool:
			f.SetBool(!f.Bool())
		case reflect.Int:
			f.SetInt(f.Int() + 1)
		case reflect.Uint8, reflect.Uint16:
			f.SetUint(f.Uint() + 1)
		case reflect.Map:
			es[0].Exporters = map[netip.Addr]string{stranger: "esx-09"}
		case reflect.Slice:
			f.SetLen(0)
		default:
			t.Fatalf("field %d is a %v", i, f.Kind())
		}
		if table.Renew(es) == table {
			t.Errorf("%s changed and made no new table", reflect.TypeFor[Expectation]().Field(i).Name)
		}
		changed++
	}
	es := made()
	es[0].Sources[0].MAC = frame.MAC{1}
	if changed < 8 || table.Renew(es) == table {
		t.Errorf("%d fields were tried; a source's MAC made a new table: %t", changed, table.Renew(es) != table)
	}
}
