package transcript

import (
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

func at(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }

func verdict(seconds int, s mirror.State, r mirror.Reason) mirror.Verdict {
	return mirror.Verdict{State: s, Reason: r, Message: s.String(), At: at(seconds)}
}

func placement() mirror.Placement {
	return mirror.Placement{Sources: []mirror.PlacedSource{{Source: mirror.Source{VM: "web-01"}, Port: mirror.Port{Key: "112", VM: "web-01", NIC: "Network adapter 1"}}}}
}

func TestTurns(t *testing.T) {
	var v Verdicts
	note := func(seconds int, s mirror.State, r mirror.Reason, packets uint64) {
		e := mirror.Evidence{Packets: packets, Sources: []mirror.SourceEvidence{
			{PortKey: "112", FromVM: mirror.Volume{Packets: packets}, Verdict: verdict(seconds, s, r)},
		}}
		v.Note("u", placement(), e, verdict(seconds, s, r))
	}
	note(0, mirror.Delivering, mirror.PacketsSeen, 10)
	note(1, mirror.Delivering, mirror.PacketsSeen, 20)
	note(2, mirror.Lost, mirror.WasDeliveringStopped, 20)
	note(3, mirror.Lost, mirror.WasDeliveringStopped, 20)
	turns := v.Of("u")
	if len(turns) != 4 {
		t.Fatalf("%d turns: %+v", len(turns), turns)
	}
	for i, want := range []Turn{
		{Verdict: mirror.Verdict{State: mirror.Delivering, Since: at(0)}, Until: at(2), Begun: Figures{Packets: 10}, Last: Figures{Packets: 20}},
		{Verdict: mirror.Verdict{State: mirror.Lost, Since: at(2)}, Begun: Figures{Packets: 20}, Last: Figures{Packets: 20}},
	} {
		for _, got := range []Turn{turns[i], turns[i+2]} { // of the session, of the source
			if got.Verdict.State != want.Verdict.State || !got.Verdict.Since.Equal(want.Verdict.Since) || !got.Until.Equal(want.Until) ||
				got.Begun.Packets != want.Begun.Packets || got.Last.Packets != want.Last.Packets {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
	}
	if turns[0].Source != (Source{}) || turns[2].Source != (Source{"112", "web-01", "Network adapter 1"}) {
		t.Errorf("of %+v and %+v", turns[0].Source, turns[2].Source)
	}
	v.Forget("u")
	if v.Of("u") != nil {
		t.Error("a session that is no more is remembered")
	}
}

func TestFailuresOutliveSuccesses(t *testing.T) {
	var v Verdicts
	v.Note("u", placement(), mirror.Evidence{}, verdict(0, mirror.Lost, mirror.WasDeliveringStopped))
	for i := range 10 * turnsOfSession {
		r := []mirror.Reason{mirror.PacketsSeen, mirror.ProbeSeen}[i%2]
		v.Note("u", placement(), mirror.Evidence{}, verdict(i+1, mirror.Delivering, r))
	}
	turns := v.Of("u")
	if len(turns) != turnsOfSession || turns[0].Verdict.State != mirror.Lost {
		t.Fatalf("%d turns, the first is %s", len(turns), turns[0].Verdict.State)
	}
	if last := turns[len(turns)-1]; !last.Until.IsZero() || !last.Verdict.Since.Equal(at(10*turnsOfSession)) {
		t.Errorf("the last is %+v", last)
	}
	for i := range 10 * turnsOfSession {
		r := []mirror.Reason{mirror.WasDeliveringStopped, mirror.ProbeUnseen}[i%2]
		v.Note("u", placement(), mirror.Evidence{}, verdict(1000+i, mirror.Lost, r))
	}
	if turns := v.Of("u"); len(turns) != turnsOfSession {
		t.Errorf("%d turns of failures alone", len(turns))
	}
}

// A session whose sources come and go does not fill the memory, and those it has are remembered.
func TestSourcesAreBounded(t *testing.T) {
	var v Verdicts
	var last string
	for i := range 3 * maxSources {
		last = time.Duration(i).String()
		v.Note("u", mirror.Placement{}, mirror.Evidence{Sources: []mirror.SourceEvidence{
			{PortKey: last, Verdict: verdict(i, mirror.Idle, mirror.SourcePortsIdle)},
		}}, verdict(i, mirror.Idle, mirror.SourcePortsIdle))
	}
	turns, found := v.Of("u"), false
	for _, turn := range turns {
		found = found || turn.Source.PortKey == last
	}
	if len(turns) != 1+maxSources || !found {
		t.Errorf("%d turns; the newest source is among them: %t", len(turns), found)
	}
}

func TestTextIsReadBack(t *testing.T) {
	for _, s := range mirror.States() {
		want := mirror.Verdict{State: s, Reason: mirror.SequenceGaps, Message: "a (b): c\nd"}
		if got, ok := parseText(Text(want)); !ok || got != want {
			t.Errorf("%q became %+v", Text(want), got)
		}
	}
	for _, text := range []string{"", "lost", "lost (x): y", "x (packets_seen): y", " (packets_seen): y", "(): ", "lost (packets_seen)"} {
		if v, ok := parseText(text); ok {
			t.Errorf("%q is %+v", text, v)
		}
	}
}

func TestRecall(t *testing.T) {
	event := func(seconds int, v mirror.Verdict) mirror.Event {
		return mirror.Event{At: at(seconds), Kind: mirror.Judged, Text: Text(v)}
	}
	delivering, lost := verdict(0, mirror.Delivering, mirror.PacketsSeen), verdict(0, mirror.Lost, mirror.WasDeliveringStopped)
	events := []mirror.Event{ // the newest first, as the journal has them
		event(30, delivering), event(20, lost), {At: at(15), Kind: mirror.Standing, Text: Text(lost)}, event(10, delivering),
		{At: at(5), Kind: mirror.Judged, Text: "in a way that is not known here"},
	}
	now := Turn{Verdict: mirror.Verdict{State: mirror.Delivering, Reason: mirror.PacketsSeen, Since: at(40)}, Last: Figures{Packets: 7}}
	turns := Recall(events, []Turn{now})
	wantSince, wantUntil := []time.Time{at(10), at(20), at(30)}, []time.Time{at(20), at(30), {}}
	if len(turns) != 3 {
		t.Fatalf("%d turns: %+v", len(turns), turns)
	}
	for i, turn := range turns {
		if !turn.Verdict.Since.Equal(wantSince[i]) || !turn.Until.Equal(wantUntil[i]) {
			t.Errorf("turn %d: %s since %v until %v", i, turn.Verdict.State, turn.Verdict.Since, turn.Until)
		}
	}
	if turns[2].Last.Packets != 7 || now.Verdict.Since != at(40) {
		t.Error("what was kept is not told, or was changed")
	}
	now.Verdict.State, now.Verdict.Reason = mirror.Pending, mirror.WithinGrace
	if turns := Recall(events, []Turn{now}); len(turns) != 4 || !turns[2].Until.Equal(at(40)) {
		t.Errorf("%+v", turns)
	}
	if turns := Recall(events, nil); len(turns) != 3 || !turns[2].Until.IsZero() {
		t.Errorf("without anything kept: %+v", turns)
	}
	if turns := Recall(nil, []Turn{now}); len(turns) != 1 {
		t.Errorf("without events: %+v", turns)
	}
}
