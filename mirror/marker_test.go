package mirror_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror"
)

func TestMarker(t *testing.T) {
	expiry := time.Unix(1772370000, 0).UTC()
	for _, c := range []struct {
		name, description string
		want              mirror.Marker
		ok                bool
	}{
		{"whole", "vspan/1 o=lab s=u-1 g=7 x=1772370000", mirror.Marker{"lab", "u-1", 7, expiry}, true},
		{"never expires", "vspan/1 o=lab s=u-1 g=7 x=0", mirror.Marker{Owner: "lab", UID: "u-1", Generation: 7}, true},
		{"note behind", "vspan/1 o=lab s=u-1 g=7 x=0 please leave x=9", mirror.Marker{Owner: "lab", UID: "u-1", Generation: 7}, true},
		{"blanks", " vspan/1\to=lab  s=u-1 g=7 x=0 ", mirror.Marker{Owner: "lab", UID: "u-1", Generation: 7}, true},
		{"empty", "", mirror.Marker{}, false},
		{"a person's", "created by bob, vspan/1 o=lab s=u-1 g=7 x=0", mirror.Marker{}, false},
		{"newer version", "vspan/2 o=lab s=u-1 g=7 x=0", mirror.Marker{}, false},
		{"no expiry", "vspan/1 o=lab s=u-1 g=7", mirror.Marker{}, false},
		{"other order", "vspan/1 s=u-1 o=lab g=7 x=0", mirror.Marker{}, false},
		{"empty owner", "vspan/1 o= s=u-1 g=7 x=0", mirror.Marker{}, false},
		{"generation no number", "vspan/1 o=lab s=u-1 g=seven x=0", mirror.Marker{}, false},
		{"generation too large", "vspan/1 o=lab s=u-1 g=9223372036854775808 x=0", mirror.Marker{}, false},
		{"expiry no number", "vspan/1 o=lab s=u-1 g=7 x=0h", mirror.Marker{}, false},
		{"expiry before 1970", "vspan/1 o=lab s=u-1 g=7 x=-1", mirror.Marker{}, false},
		{"expiry that no calendar has", "vspan/1 o=lab s=u-1 g=7 x=9223372036854775807", mirror.Marker{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := mirror.ParseMarker(c.description)
			if ok != c.ok {
				t.Fatalf("ok = %v", ok)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestMarkerCutsExpiryToSeconds(t *testing.T) {
	m := mirror.Marker{Owner: "lab", UID: "u", Generation: 1, Expiry: noon.Add(1500 * time.Millisecond)}
	got, _ := mirror.ParseMarker(m.String())
	if want := noon.Add(time.Second); !got.Expiry.Equal(want) {
		t.Errorf("expiry %v, want %v", got.Expiry, want)
	}
}

func TestMarkerOnAnotherTypeIsForeign(t *testing.T) {
	v := mirror.VSPAN{Type: "dvPortMirror", Description: "vspan/1 o=lab s=u-1 g=7 x=0"}
	if _, ok := v.Marker(); ok {
		t.Error("a session of another type than vspan creates counts as ours")
	}
}

// FuzzMarker: what is a marker stays the same one when it is written anew, and what is none is zero.
func FuzzMarker(f *testing.F) {
	f.Add("vspan/1 o=lab s=u-1 g=7 x=1772370000 and a note")
	f.Add("vspan/1 o=lab s=u-1 g=-0 x=+12")
	f.Add("vspan/1\u0085o=a\u2028s=b g=1 x=253402300799")
	f.Fuzz(func(t *testing.T, description string) {
		m, ok := mirror.ParseMarker(description)
		if !ok {
			if m != (mirror.Marker{}) {
				t.Fatalf("no marker and yet %+v", m)
			}
			return
		}
		again, ok := mirror.ParseMarker(m.String())
		if !ok || again != m {
			t.Fatalf("%+v became %+v (%v)", m, again, ok)
		}
		if strings.ContainsAny(m.Owner+m.UID, " \t\r\n") {
			t.Fatalf("blank in %+v", m)
		}
	})
}
