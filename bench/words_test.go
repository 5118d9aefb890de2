package main

import "testing"

func TestParseDump(t *testing.T) {
	for said, want := range map[string]heard{
		"300000 packets captured\n300005 packets received by filter\n0 packets dropped by kernel\n":                         {Packets: 300000},
		"1 packet captured\n9 packets received by filter\n8 packets dropped by kernel\n":                                    {Packets: 1, Dropped: 8},
		"10 packets captured\n19 packets received by filter\n9 packets dropped by kernel\n2 packets dropped by interface\n": {Packets: 10, Dropped: 9},
	} {
		if got, err := parseDump(said); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", said, got, err, want)
		}
	}
	if got, err := parseDump("tcpdump: mirror0: No such device exists"); err == nil {
		t.Errorf("%+v of an error", got)
	}
}

func TestCollected(t *testing.T) {
	said := "==77== Callgrind, a call-graph generating cache profiler\n==77== \n==77== Events    : Ir\n==77== Collected : 1234567\n==77== \n==77== I   refs:      1,234,567\n"
	if got, err := collected(said); err != nil || got != 1234567 {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := collected("==77== Killed\n"); err == nil {
		t.Errorf("got %v of nothing", got)
	}
}

func TestLost(t *testing.T) {
	for _, c := range []struct {
		heard heard
		link  uint64
		want  int
	}{
		{heard{Packets: 100}, 0, 0},
		{heard{Packets: 103}, 0, 0}, // and what it answered
		{heard{Packets: 90, Dropped: 10}, 0, 10},
		{heard{Packets: 90}, 0, 10},
		{heard{Packets: 99, Dropped: 4}, 2, 6},
	} {
		x := trial{heard: c.heard, stretch: stretch{onLink: c.link}}
		x.sent.Packets = 100
		if got := x.lost(); got != c.want {
			t.Errorf("%+v: %d lost, want %d", c, got, c.want)
		}
	}
}
