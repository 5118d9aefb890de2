package api

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

func TestStatusBeforeTheFirstLook(t *testing.T) {
	f := newFixture(t)
	status := f.call("PUT", "/v1/sessions/web-01", spec1).want(201).session().Status
	want := wire.Verdict{State: "pending", Reason: "not_applied", Message: "not judged yet"}
	if status.Verdict != want || status.ObservedGeneration != 0 || status.Switch != nil || len(status.Conditions) != 4 {
		t.Errorf("got %+v", status)
	}
	for _, c := range status.Conditions {
		if c.Status != "Unknown" || c.Reason != "NotApplied" || !c.LastTransitionTime.Equal(begin) {
			t.Errorf("got %+v", c)
		}
	}
}

// TestStatusIsShapedAsDesigned compares the JSON as a whole: programs of others rely on every name.
func TestStatusIsShapedAsDesigned(t *testing.T) {
	f := newFixture(t)
	s := f.call("PUT", "/v1/sessions/web-01", `{"spec":{"sources":[{"vm":"web-01"},{"vm":"gone"}],"encapsulation":{"id":5}}}`).want(201).session()
	f.pass(time.Minute)
	f.place(s, nil)
	f.judge(s, mirror.Delivering, mirror.PacketsSeen)
	var got struct {
		Status map[string]any `json:"status"`
	}
	if err := json.Unmarshal(f.call("GET", "/v1/sessions/web-01", "").want(200).body, &got); err != nil {
		t.Fatal(err)
	}
	for _, c := range got.Status["conditions"].([]any) {
		delete(c.(map[string]any), "message") // the vocabulary's own, tested there
	}
	const at = "2026-03-01T12:01:00Z"
	verdict := func(state, reason, message string) map[string]any {
		return map[string]any{"state": state, "reason": reason, "message": message, "since": at, "at": at}
	}
	condition := func(name, reason string) map[string]any {
		return map[string]any{"type": name, "status": "True", "reason": reason, "lastTransitionTime": at}
	}
	volume := func(packets, bytes float64) map[string]any { return map[string]any{"packets": packets, "bytes": bytes} }
	figure := func(name string, value float64, unit string) map[string]any {
		return map[string]any{"name": name, "value": value, "unit": unit}
	}
	gone := verdict("failed", "source_gone", `VM "gone": there is none`)
	delete(gone, "since")
	want := map[string]any{
		"observedGeneration": 1.0,
		"conditions": []any{
			condition("Accepted", "Accepted"), condition("Applied", "ReadBack"),
			condition("Delivering", "PacketsSeen"), condition("Ready", "PacketsSeen"),
		},
		"verdict": verdict("delivering", "packets_seen", "m"),
		"switch":  map[string]any{"name": "DVS0", "uuid": "50 01", "sessionKey": "12", "erspanId": 5.0, "configVersion": "17"},
		"sources": []any{
			map[string]any{
				"vm": "web-01", "nic": "Network adapter 1", "mac": "00:50:56:00:00:01", "portKey": "112", "host": "esx-01",
				"verdict": verdict("delivering", "packets_seen", "m"), "fromVm": volume(4, 400), "toVm": volume(3, 300),
				"fromVmDelivery": map[string]any{
					"seconds": 20.0, "receivedPackets": 3.0, "receivedBytes": 300.0, "movedPackets": 4.0, "movedBytes": 400.0,
					"expectedBytes": 400.0, "ratio": 0.75, "low": 0.5, "high": 0.875,
				},
				"figures": []any{figure("from_vm_ratio", 0.75, "ratio")},
			},
			map[string]any{
				"vm": "gone", "nic": "", "mac": "", "portKey": "", "host": "", "verdict": gone, "fromVm": volume(0, 0), "toVm": volume(0, 0), "figures": []any{},
			},
		},
		"evidence": map[string]any{
			"packets": 7.0, "bytes": 700.0, "packetsPerSecond": 0.0, "bitsPerSecond": 0.0,
			"firstPacketAt": "2026-03-01T12:00:00Z", "lastPacketAt": at,
			"lost": 0.0, "reordered": 0.0, "duplicated": 0.0, "truncated": 0.0, "notMirrored": map[string]any{"packets": 0.0, "bytes": 0.0}, "fragments": 0.0, "receiverDropped": 0.0,
			"hosts": []any{map[string]any{"address": "10.0.0.11", "host": "esx-01", "packets": 7.0, "lastPacketAt": at}},
		},
		"diagnoses": []any{map[string]any{ // an infinite figure is none that JSON can say
			"code": "sequence_loss", "severity": "warning", "subject": "esx-01", "message": "what", "remedy": "do",
			"figures": []any{figure("missing", 0, "packets")},
		}},
		"figures": []any{figure("packets", 7, "packets")},
	}
	if diff := cmp.Diff(want, got.Status); diff != "" {
		t.Error(diff)
	}
}

func TestEvidence(t *testing.T) {
	f := newFixture(t)
	s := f.call("PUT", "/v1/sessions/web-01", spec1).want(201).session()
	f.place(s, nil)
	f.judge(s, mirror.Delivering, mirror.PacketsSeen)
	e := decoded[wire.EvidenceReport](f.call("GET", "/v1/sessions/web-01/evidence", "").want(200))
	if e.Session != "web-01" || e.UID != s.UID || e.Verdict.State != "delivering" || e.Evidence.Packets != 7 || len(e.Sources) != 2 ||
		e.Sequence != (wire.Sequence{Usable: true, Resets: 1}) || e.Doubts != (wire.Doubts{Ambiguous: 2, Unlisted: 3}) {
		t.Errorf("got %+v", e)
	}
	if len(e.Diagnoses) != 1 || e.Diagnoses[0].Code != "sequence_loss" || len(e.Figures) != 1 {
		t.Errorf("diagnoses %+v, figures %+v", e.Diagnoses, e.Figures)
	}
	f.call("GET", "/v1/sessions/web-02/evidence", "").problem(404, "session_not_found", "")
}

func TestRatesThatJSONCannotSay(t *testing.T) {
	e := renderEvidence(mirror.Evidence{PacketsPerSecond: math.NaN(), BitsPerSecond: math.Inf(1)})
	if e.PacketsPerSecond != 0 || e.BitsPerSecond != 0 {
		t.Errorf("got %+v", e)
	}
}
