package record

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/mirror/store/storetest"
)

// golden was written by version 1 and must be read for ever. It is not to be written anew.
const golden = "testdata/version-1.record"

var addresses = cmpopts.EquateComparable(netip.Addr{})

// fill puts something other than zero into every field, however deep.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 3, 1, 12, 0, 0, 987654321, time.UTC)))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.MustParseAddr("fe80::1%eth0")))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(t, field)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0))
		fill(t, v.Index(1))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key)
		fill(t, value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("<\"ü\u2028>")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1<<60 + 1) // more than a float64 can hold
	case reflect.Uint8:
		v.SetUint(1) // an enumeration's second value
	case reflect.Uint16:
		v.SetUint(1<<16 - 1)
	default:
		t.Fatalf("no value for a %s: teach fill, and the record, about it", v.Type())
	}
}

// TestEveryFieldSurvives: a field that is new in mirror.Session and forgotten here fails.
func TestEveryFieldSurvives(t *testing.T) {
	var s mirror.Session
	fill(t, reflect.ValueOf(&s).Elem())
	s.Revision = 0 // the store's
	b, err := Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if d := cmp.Diff(s, got, addresses); d != "" || err != nil {
		t.Errorf("%v: %s", err, d)
	}
}

func TestNothingSurvives(t *testing.T) {
	s := mirror.Session{Name: "a"}
	b, err := Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if d := cmp.Diff(s, got, addresses); d != "" || err != nil {
		t.Errorf("%v: %s", err, d)
	}
}

func TestGolden(t *testing.T) {
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	want := storetest.Session("web-01")
	want.Spec.Sources = append(want.Spec.Sources, mirror.Source{PortKey: "112"},
		mirror.Source{Selector: mirror.Selector{Name: "web-*", Tag: "prod"}, Direction: mirror.FromVM})
	want.Spec.Destination.Addresses = []netip.Addr{netip.MustParseAddr("2001:db8::1")}
	if d := cmp.Diff(want, got, addresses); d != "" || err != nil {
		t.Errorf("%v: %s", err, d)
	}
}

// TestEveryFlippedByteIsNoticed, and no record is taken for a newer one by a flipped digit.
func TestEveryFlippedByteIsNoticed(t *testing.T) {
	whole, err := Encode(storetest.Session("a"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		for _, bit := range []byte{1, 2, 4, 0x10, 0x80} {
			b := bytes.Clone(whole)
			b[i] ^= bit
			if _, err := Decode(b); !errors.Is(err, store.ErrDamaged) || errors.Is(err, ErrNewer) {
				t.Fatalf("bit %#x of byte %d flipped: %v", bit, i, err)
			}
		}
		if _, err := Decode(whole[:i]); !errors.Is(err, store.ErrDamaged) {
			t.Fatalf("cut after %d bytes: %v", i, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct{ name, record, says string }{
		{"newer", string(seal(2, []byte(`{"anything":true}`))), "record version 2, this one reads up to 1): upgrade vspan"},
		{"version 0", string(seal(0, []byte(`{}`))), "version"},
		{"unknown field", string(seal(1, []byte(`{"name":"a","spec":{},"more":1}`))), "more"},
		{"two objects", string(seal(1, []byte(`{"name":"a"}{}`))), "follows"},
		{"no name", string(seal(1, []byte(`{}`))), "names no session"},
		{"no such direction", string(seal(1, []byte(`{"name":"a","spec":{"sources":[{"direction":"up"}]}}`))), `"up"`},
		{"no such life", string(seal(1, []byte(`{"name":"a","spec":{"expiresIn":"soon"}}`))), "expiresIn"},
		{"foreign", "{}", "does not begin"},
		{"empty", "", "does not begin"},
	} {
		_, err := Decode([]byte(c.record))
		if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), c.says) || errors.Is(err, ErrNewer) != (c.name == "newer") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestEncodeRefusesWhatItCouldNotRead(t *testing.T) {
	for name, spoil := range map[string]func(*mirror.Session){
		"direction":     func(s *mirror.Session) { s.Spec.Sources[0].Direction = 77 },
		"encapsulation": func(s *mirror.Session) { s.Spec.Encapsulation.Type = 77 },
		"drift policy":  func(s *mirror.Session) { s.Spec.OnDrift = 77 },
		"year":          func(s *mirror.Session) { s.ExpiresAt = s.ExpiresAt.AddDate(9000, 0, 0) },
	} {
		s := storetest.Session("a")
		spoil(&s)
		if b, err := Encode(s); err == nil {
			t.Errorf("%s: %s", name, b)
		}
	}
}

func FuzzDecode(f *testing.F) {
	whole, err := Encode(storetest.Session("a"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, false)
	f.Add([]byte(`{"name":"a","spec":{"sources":[{}],"expiresIn":"1h"},"notes":{"receiver":"::1%x"}}`), true)
	f.Add(seal(9, nil), false)
	f.Fuzz(func(t *testing.T, b []byte, sealed bool) {
		if sealed {
			b = seal(Version, b) // so that what is behind the checksum is reached
		}
		s, err := Decode(b)
		if err != nil {
			if !errors.Is(err, store.ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		again, err := Encode(s)
		if err != nil {
			t.Skip(err) // JSON has years that RFC 3339 has not
		}
		back, err := Decode(again)
		if d := cmp.Diff(s, back, addresses, cmpopts.EquateEmpty()); d != "" || err != nil {
			t.Fatalf("%v: %s", err, d)
		}
	})
}
