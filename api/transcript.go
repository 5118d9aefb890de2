package api

import (
	"context"
	"fmt"
	"slices"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/transcript"
)

// Transcripts remembers what explains the verdicts, within bounds.
type Transcripts interface {
	// Turns returns the verdicts on a session and its sources since the process began: see transcript.Verdicts.Of.
	Turns(uid string) []transcript.Turn
	// Packets returns what was kept of a session's packets, and for "" of those that are no session's.
	Packets(uid string) transcript.Seen
}

// noTranscripts remembers nothing.
type noTranscripts struct{}

func (noTranscripts) Turns(string) []transcript.Turn { return nil }
func (noTranscripts) Packets(string) transcript.Seen { return transcript.Seen{} }

const evidenceText = `Everything that the verdict rests on: how it came to be, what has to arrive, and what does. Of packets these are headers alone. With ` +
	"`bytes=true`" + ` the first bytes of the first packets go on behind the headers; that is payload, which the configuration may forbid, and it is noted in
the session's history.`

type evidenceInput struct {
	SessionPath
	Bytes bool `query:"bytes" doc:"With the first bytes behind the headers of the first packets: payload"`
}

type evidenceOutput struct{ Body wire.EvidenceReport }

func (h *sessions) evidence(ctx context.Context, in *evidenceInput) (*evidenceOutput, error) {
	if in.Bytes {
		if p := h.payload.check(); p != nil {
			return nil, p
		}
	}
	s, err := h.find(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	status := h.board.Status(s.UID)
	e := status.Evidence
	report := wire.EvidenceReport{
		Session: s.Name, UID: s.UID,
		Verdict:  renderVerdict(status.Verdict),
		Evidence: renderEvidence(e),
		Sequence: wire.Sequence{Usable: e.SequenceUsable, Resets: e.Resets},
		Doubts:   wire.Doubts{Ambiguous: e.Ambiguous, Unlisted: e.Unlisted},
		Sources:  renderSources(status),
		Version:  h.version, At: h.now(),
		Diagnoses: renderDiagnoses(e.Diagnoses), Figures: renderFigures(e.Figures),
		History: renderTurns(transcript.Recall(h.told(s.UID), h.transcripts.Turns(s.UID))),
	}
	h.addPackets(&report, s, status.Placement, in.Bytes)
	if in.Bytes {
		text := fmt.Sprintf("with the evidence, the first bytes, at most %d each, of %d packets", transcript.FirstBytes, len(report.FirstPackets))
		if p := h.payload.opened(s, text); p != nil {
			return nil, p
		}
	}
	return &evidenceOutput{report}, nil
}

// told are the events of a session without their numbers.
func (h *sessions) told(uid string) []mirror.Event {
	var events []mirror.Event
	for _, e := range h.history.Of(uid, 0) {
		events = append(events, e.Event)
	}
	return events
}

func (h *sessions) addPackets(report *wire.EvidenceReport, s mirror.Session, p mirror.Placement, bytes bool) {
	seen := h.transcripts.Packets(s.UID)
	report.LastPackets, report.DoubtfulPackets = renderPackets(seen.Last), []wire.PacketSeen{}
	report.FirstPackets = renderFirsts(seen.Firsts, bytes)
	expected, ok := evidence.Expect(s, p)
	if !ok {
		return
	}
	report.Expected = renderExpected(s, p)
	strange := slices.DeleteFunc(h.transcripts.Packets("").Last, func(x transcript.Packet) bool { return !x.Resembles(expected) })
	report.DoubtfulPackets = renderPackets(strange)
}

func renderTurns(turns []transcript.Turn) []wire.VerdictTurn {
	list := make([]wire.VerdictTurn, len(turns))
	for i, t := range turns {
		list[i] = wire.VerdictTurn{
			State: t.Verdict.State.String(), Reason: t.Verdict.Reason.String(), Message: t.Verdict.Message, Since: utc(t.Verdict.Since), Until: utc(t.Until),
		}
		if t.Source != (transcript.Source{}) {
			list[i].Source = &wire.TurnSource{PortKey: t.Source.PortKey, VM: t.Source.VM, NIC: t.Source.NIC}
		}
		if !t.Last.At.IsZero() {
			list[i].Figures = renderMeanwhile(t.Begun, t.Last)
		}
	}
	return list
}

// renderMeanwhile says what was counted between two moments.
func renderMeanwhile(from, to transcript.Figures) *wire.TurnFigures {
	since := func(before, after uint64) uint64 { return after - min(before, after) } // the ledger may have begun anew
	volume := func(before, after mirror.Volume) wire.Volume {
		return wire.Volume{Packets: since(before.Packets, after.Packets), Bytes: since(before.Bytes, after.Bytes)}
	}
	return &wire.TurnFigures{
		Packets: since(from.Packets, to.Packets), Bytes: since(from.Bytes, to.Bytes), FromVM: volume(from.FromVM, to.FromVM), ToVM: volume(from.ToVM, to.ToVM),
		Lost: int64(to.Lost) - int64(from.Lost), Unlisted: since(from.Unlisted, to.Unlisted), Ambiguous: since(from.Ambiguous, to.Ambiguous),
		ReceiverDropped: since(from.ReceiverDropped, to.ReceiverDropped),
	}
}

func renderExpected(s mirror.Session, p mirror.Placement) *wire.Expected {
	x := &wire.Expected{
		Encapsulation: s.Spec.Encapsulation.Type.String(), ERSPANID: int(s.ERSPANID), Receivers: renderAddresses(p.Destinations),
		SnapLength: s.Spec.SnapLength, Sampling: s.Spec.Sampling, Netstack: s.Spec.Netstack,
		Exporters: []wire.ExpectedExporter{}, Sources: []wire.ExpectedSource{},
	}
	for _, host := range p.Hosts {
		for _, a := range host.Addresses {
			e := wire.ExpectedExporter{Host: host.Name, Connected: host.Connected, Address: a.String()}
			for _, k := range host.Adapters {
				if slices.Contains(k.Addresses, a) {
					e.Device, e.Netstack, e.MTU = k.Device, k.Netstack, k.MTU
				}
			}
			x.Exporters = append(x.Exporters, e)
		}
	}
	for _, src := range p.Sources {
		if src.Fault == nil {
			x.Sources = append(x.Sources, wire.ExpectedSource{
				VM: src.Port.VM, NIC: src.Port.NIC, MAC: src.Port.MAC, PortKey: src.Port.Key, Direction: src.Direction.String(), Host: src.Port.Host,
			})
		}
	}
	return x
}
