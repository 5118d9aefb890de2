package explain

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// Page is everything that is put on it.
type Page struct {
	Session   wire.Session        `json:"session"`
	Evidence  wire.EvidenceReport `json:"evidence"`
	Events    []wire.Event        `json:"events"` // the newest first
	Receivers []wire.Receiver     `json:"receivers"`
	Command   string              `json:"command"` // the version of this program
}

// Text writes the page for a terminal, at most Width columns wide.
func (p Page) Text(w io.Writer) error { return p.document().text(w) }

// Markdown writes the page for a tracker.
func (p Page) Markdown(w io.Writer) error { return p.document().markdown(w) }

func (p Page) document() *document {
	d := &document{title: fmt.Sprintf("Mirror session %s: %s", p.Session.Name, p.Session.Status.Verdict.State)}
	d.say(p.summary())
	p.sources(d)
	p.trouble(d)
	p.comparison(d)
	p.hosts(d)
	p.verdicts(d)
	p.deeds(d)
	p.packets(d)
	p.bytes(d)
	p.versions(d)
	return d
}

// now is the moment of which the page speaks, by the daemon's clock.
func (p Page) now() time.Time { return p.Evidence.At }

// summary is the whole page in a paragraph.
func (p Page) summary() string {
	s, v := p.Session, p.Session.Status.Verdict
	var names []string
	for _, source := range s.Spec.Sources {
		names = append(names, sourceName(source)+" ("+cmp.Or(source.Direction, "both")+")")
	}
	if len(names) > 4 {
		names = append(names[:4], fmt.Sprintf("%d more", len(s.Spec.Sources)-4))
	}
	text := fmt.Sprintf("%s is %s (%s)", s.Name, cmp.Or(v.State, "not judged yet"), cmp.Or(v.Reason, "nothing is known"))
	if !v.Since.IsZero() {
		text += fmt.Sprintf(" for %s, since %s", span(p.now().Sub(v.Since)), clock(v.Since))
	}
	text += ": " + strings.TrimSuffix(v.Message, ".") + ". It is to mirror " + strings.Join(names, ", ") + " as " + encapsulation(s) + " to " + destination(s)
	end := "it is deleted"
	if !s.ExpiresAt.IsZero() {
		end = clock(s.ExpiresAt)
	}
	return text + ", until " + end + ". All times are in UTC, by the daemon's clock."
}

func (p Page) sources(d *document) {
	d.head("Sources")
	t := newTable("SOURCE", "VERDICT", "FIGURES AND REASON")
	for _, s := range p.Session.Status.Sources {
		figures := fmt.Sprintf("from it %s%s, to it %s%s; %s", volume(s.FromVM), delivered(s.FromVMDelivery), volume(s.ToVM), delivered(s.ToVMDelivery), p.unlessSaid(s.Verdict.Message))
		where := fmt.Sprintf("%s, %s, port %s on %s", s.VM, cmp.Or(s.NIC, "NIC not known"), cmp.Or(s.PortKey, "not known"), cmp.Or(s.Host, "no host"))
		verdict := fmt.Sprintf("%s (%s)", s.Verdict.State, s.Verdict.Reason)
		if !s.Verdict.Since.IsZero() {
			verdict += " for " + span(p.now().Sub(s.Verdict.Since))
		}
		t.row(where, verdict, figures)
	}
	d.add(t, "It has not been placed on a switch yet.")
}

// delivered says how much of what a port moves arrives lately, as far as that is known.
func delivered(d *wire.Delivery) string {
	if d == nil || d.Ratio == nil {
		return ""
	}
	return fmt.Sprintf(", lately %.0f %% of what its port moved", 100**d.Ratio)
}

// saidAbove stands for a sentence that is in the summary.
const saidAbove = "as said above"

// unlessSaid is a sentence, unless it is in the summary.
func (p Page) unlessSaid(message string) string {
	if message != "" && strings.Contains(p.Session.Status.Verdict.Message, message) {
		return saidAbove
	}
	return message
}

// trouble lists what is wrong and what to do about it.
func (p Page) trouble(d *document) {
	d.head("What is wrong, and what to do")
	t := newTable("WHAT", "WHY", "NEXT STEP")
	for _, x := range p.troubles() {
		t.row(x.what, x.why, x.step)
	}
	d.add(t, "Nothing that is known of.")
}

type trouble struct{ what, why, step string }

func (p Page) troubles() []trouble {
	var list []trouble
	status := p.Session.Status
	add := func(what, reason, why string) {
		step := nextStep(reason)
		if step != "" && !slices.ContainsFunc(list, func(x trouble) bool { return x.what == what && x.step == step }) {
			list = append(list, trouble{what, why, step})
		}
	}
	for _, x := range status.Diagnoses {
		list = append(list, trouble{cmp.Or(x.Subject, "the session"), x.Code + ": " + x.Message, x.Remedy})
	}
	add("the session", status.Verdict.Reason, status.Verdict.Reason+": "+saidAbove)
	for _, s := range status.Sources {
		if s.Verdict.Reason != status.Verdict.Reason {
			add(cmp.Or(s.VM, s.PortKey), s.Verdict.Reason, s.Verdict.Reason+": "+p.unlessSaid(s.Verdict.Message))
		}
	}
	for _, r := range p.Receivers {
		if !r.Up {
			list = append(list, trouble{"the receiver", "it is down: " + r.Message, mirror.ReceiverDown.NextStep()})
		}
	}
	if n := status.Evidence.ReceiverDropped; n > 0 && status.Verdict.Reason != mirror.ReceiverDropping.String() {
		list = append(list, trouble{"the receiver", fmt.Sprintf("it dropped %d packets of any session meanwhile", n), mirror.ReceiverDropping.NextStep()})
	}
	if n := p.Evidence.Doubts.Unlisted; n > 0 && status.Verdict.Reason != mirror.UnlistedSource.String() {
		list = append(list, trouble{"the sender", fmt.Sprintf("%d packets came from an address that is no host's; they prove nothing", n), mirror.UnlistedSource.NextStep()})
	}
	return list
}

// nextStep is what to do about a reason, as far as this program knows the reason.
func nextStep(reason string) string {
	r, err := mirror.ParseReason(reason)
	if err != nil {
		return ""
	}
	return r.NextStep()
}

// verdicts is the history of the verdicts, the newest last.
func (p Page) verdicts(d *document) {
	d.head("How the verdict came about")
	t := newTable("SINCE", "FOR", "OF", "VERDICT", "MEANWHILE")
	left, alone := 0, len(p.Session.Status.Sources) == 1 // then the verdict on the session says it all
	for i, turn := range p.Evidence.History {
		end := turn.Until
		if end.IsZero() {
			end = p.now()
		}
		if turn.Source != nil && (alone || end.Sub(turn.Since) < leastTurn) {
			continue
		}
		if turn.Source != nil && p.newer(i) >= turnsShown {
			left++
			continue
		}
		of := "the session"
		if turn.Source != nil {
			of = cmp.Or(turn.Source.VM, "port "+turn.Source.PortKey)
		}
		t.row(clock(turn.Since), span(end.Sub(turn.Since)), of, fmt.Sprintf("%s (%s)", turn.State, turn.Reason), p.meanwhile(turn))
	}
	d.add(t, "It was not judged yet.")
	if left > 0 {
		d.say(fmt.Sprintf("Older verdicts on single sources that are not shown here: %d; see -o json.", left))
	}
}

// turnsShown is how many verdicts are shown of one source.
const turnsShown = 6

// leastTurn is how long a verdict on a source lasted that is shown: that nothing had arrived when it was made is true of each.
const leastTurn = time.Second

// newer counts the turns of the same source after the one at i.
func (p Page) newer(i int) int {
	n := 0
	for _, after := range p.Evidence.History[i+1:] {
		if after.Source != nil && *after.Source == *p.Evidence.History[i].Source {
			n++
		}
	}
	return n
}

func (p Page) meanwhile(turn wire.VerdictTurn) string {
	f := turn.Figures
	if f == nil {
		return turn.Message
	}
	text := volume(wire.Volume{Packets: f.Packets, Bytes: f.Bytes})
	if turn.Source != nil {
		text = fmt.Sprintf("from it %s, to it %s", volume(f.FromVM), volume(f.ToVM))
	}
	for _, x := range []struct {
		n    int64
		what string
	}{{f.Lost, "lost"}, {int64(f.ReceiverDropped), "dropped here"}, {int64(f.Unlisted), "from no host"}, {int64(f.Ambiguous), "ambiguous"}} {
		if x.n > 0 {
			text += fmt.Sprintf(", %d %s", x.n, x.what)
		}
	}
	switch turn.State { // of the others the figures say it
	case mirror.Degraded.String(), mirror.Lost.String(), mirror.Unknown.String(), mirror.Failed.String():
		text += "; " + p.unlessShown(turn)
	}
	return text
}

// unlessShown is what a verdict says, unless it is one of now: these are in the summary and among the sources.
func (p Page) unlessShown(turn wire.VerdictTurn) string {
	same := func(v wire.Verdict) bool {
		return turn.Until.IsZero() && turn.State == v.State && turn.Reason == v.Reason
	}
	if turn.Source == nil && same(p.Session.Status.Verdict) {
		return saidAbove
	}
	for _, s := range p.Session.Status.Sources {
		if turn.Source != nil && turn.Source.PortKey == s.PortKey && same(s.Verdict) {
			return saidAbove
		}
	}
	return turn.Message
}

// deedsShown is how many events are shown that are no verdicts.
const deedsShown = 10

// deeds are what was done to the session, the newest last.
func (p Page) deeds(d *document) {
	d.head("What was done to it")
	t := newTable("TIME", "WHAT", "WHO", "MESSAGE")
	for _, e := range p.Events {
		if e.Kind != mirror.Judged.String() && len(t.rows) < deedsShown {
			t.row(clock(e.At), e.Kind, e.Who, e.Message)
		}
	}
	slices.Reverse(t.rows)
	d.add(t, "Nothing is remembered.")
}

func (p Page) versions(d *document) {
	d.head("Versions")
	daemon := "vspan " + cmp.Or(p.Evidence.Version, "of a version that is not known")
	if p.Command != p.Evidence.Version {
		daemon += ", this page by vspan " + p.Command
	}
	text := fmt.Sprintf("%s; as of %s. Session uid %s, revision %d, generation %d.", daemon, clock(p.now()), p.Session.UID, p.Session.Revision, p.Session.Generation)
	if sw := p.Session.Status.Switch; sw != nil {
		text += fmt.Sprintf(" Switch %s (%s), session key %s, config version %s.", sw.Name, sw.UUID, cmp.Or(sw.SessionKey, "none"), cmp.Or(sw.ConfigVersion, "none"))
	}
	for _, r := range p.Receivers {
		text += fmt.Sprintf(" Receiver %s (%s): %s, %d datagrams, %d dropped.", r.Name, cmp.Or(r.Kind, "kind not known"), map[bool]string{true: "up", false: "down"}[r.Up], r.Datagrams, r.KernelDropped)
	}
	d.say(text)
}
