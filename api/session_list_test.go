package api

import (
	"fmt"
	"slices"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

func names(list wire.SessionList) []string {
	var n []string
	for _, s := range list.Items {
		n = append(n, s.Name)
	}
	return n
}

func TestListFilters(t *testing.T) {
	f := newFixture(t)
	put := func(name, body string) wire.Session {
		return f.call("PUT", "/v1/sessions/"+name, body).want(201).session()
	}
	a := put("a", `{"labels":{"team":"x","tier":"1"},"spec":{"sources":[{"vm":"web-01"}]}}`)
	b := put("b", `{"labels":{"team":"x"},"spec":{"sources":[{"portgroup":"prod"}]}}`)
	put("c", `{"labels":{"team":"y"},"spec":{"sources":[{"vm":"web-03"}]}}`)
	f.judge(a, mirror.Delivering, mirror.PacketsSeen)
	f.place(b, nil) // on a port of web-01
	f.judge(b, mirror.Lost, mirror.PortsActiveNothingArrived)
	for query, want := range map[string][]string{
		"":                                 {"a", "b", "c"},
		"?label=team=x":                    {"a", "b"},
		"?label=team=x&label=tier=1":       {"a"},
		"?label=tier=":                     nil,
		"?state=delivering":                {"a"},
		"?state=lost&state=pending":        {"b", "c"},
		"?vm=web-01":                       {"a", "b"},
		"?vm=web-03&state=lost":            nil,
		"?label=team=x&pageSize=1":         {"a"},
		"?pageSize=2":                      {"a", "b"},
		"?vm=web-01&state=lost&pageSize=2": {"b"},
	} {
		if got := names(decoded[wire.SessionList](f.call("GET", "/v1/sessions"+query, "").want(200))); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
}

func TestPagesNeitherRepeatNorHide(t *testing.T) {
	f := newFixture(t)
	for i := range 25 {
		f.call("PUT", fmt.Sprintf("/v1/sessions/s%02d", i), spec1).want(201)
	}
	var got []string
	token := ""
	for page := 0; ; page++ {
		target := "/v1/sessions?pageSize=10"
		if token != "" {
			target += "&pageToken=" + token
		}
		list := decoded[wire.SessionList](f.call("GET", target, "").want(200))
		got = append(got, names(list)...)
		if token = list.NextPageToken; token == "" {
			break
		}
		if page == 0 { // the last of the first page goes, and one before it comes
			if err := f.store.Remove(t.Context(), "s09", f.stored("s09").Revision); err != nil {
				t.Fatal(err)
			}
			f.call("PUT", "/v1/sessions/s000", spec1).want(201)
		}
	}
	if len(got) != 25 || !slices.IsSorted(got) {
		t.Errorf("got %v", got)
	}
}
