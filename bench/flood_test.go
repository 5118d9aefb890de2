package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// The flood fills what is bounded: tables and the memory for fragments. Else that neither grows would show nothing.
func TestFloodFillsTables(t *testing.T) {
	var out strings.Builder
	if err := child(t.Context(), []string{"flood", "100000", "10000"}, nil, &out); err != nil {
		t.Fatal(err)
	}
	var found flooded
	if err := json.Unmarshal([]byte(out.String()), &found); err != nil {
		t.Fatal(err)
	}
	if len(found.Resident) != samples || found.Resident[0] <= 0 {
		t.Errorf("resident memory %v", found.Resident)
	}
	if found.Packets != 100_000 || found.Fragments != 10_000 || found.Evicted < 50_000 || found.Pending < 4<<20 {
		t.Errorf("%+v", found)
	}
}

func TestChildRefuses(t *testing.T) {
	for _, arguments := range [][]string{nil, {"nothing"}, {"flood"}, {"flood", "1", "x"}, {"decode", "ours", "1"}, {"decode", "theirs", "1", "1"}, {"listen"}, {"listen", "live"}, {"listen", "live", "nothing", "true"}, {"listen", "live", "mixed", "perhaps"}} {
		if err := child(t.Context(), arguments, strings.NewReader(""), new(strings.Builder)); err == nil {
			t.Errorf("%q was done", arguments)
		}
	}
}
