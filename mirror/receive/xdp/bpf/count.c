// Counts mirrored packets before the network stack sees them: those that user space has admitted are counted and dropped, everything
// else is passed up as it came.
#include "conversations.h"
#include "express.h"
#include "inner.h"
#include "mirror.h"
#include "sequence.h"

inlined int pass(bool judged)
{
	u32 zero = 0;
	struct passed *p = map_lookup(&passed, &zero);
	if (!p)
		return xdp_pass;
	if (judged)
		p->unadmitted++;
	else
		p->unjudged++;
	return xdp_pass;
}

inlined void add(struct sums *s, struct packet *p, u32 now)
{
	s->last = now;
	s->packets++;
	s->bytes += p->frame_length;
	s->outer_bytes += p->length;
	if (p->frame_length > s->largest)
		s->largest = p->frame_length;
}

// add_rare adds what few packets have: the first its time, and what was cut how much.
inlined void add_rare(struct sums *s, struct cuts *c, struct packet *p, u32 now, u32 snap)
{
	if (!s->packets)
		c->first = now;
	if (!p->truncated)
		return;
	c->truncated++;
	if (p->frame_length > p->frame_there)
		c->missing += p->frame_length - p->frame_there;
	if (snap == 0 || p->frame_there + 64 < snap) // 64 is mirror/evidence's snapTolerance
		c->early++;
}

// own reports whether this CPU owns a place, or comes first and does from now on.
inlined bool own(struct place *here)
{
	u32 me = cpu() + 1;
	return likely(here->owner == me) || here->owner == 0 && __sync_val_compare_and_swap(&here->owner, 0, me) == 0;
}

inlined bool add_aside(struct packet *p, struct margin *m, u32 now)
{
	u32 zero = 0;
	struct counts *c = map_lookup(&aside, &m->slot);
	struct passed *n = map_lookup(&passed, &zero);
	if (!c || !n)
		return false;
	add_rare(&c->sums, &c->cuts, p, now, m->snap);
	add(&c->sums, p, now);
	n->aside++;
	return true;
}

inlined bool count_in(struct place *here, struct packet *p)
{
	u32 now = ticks(); // the kernel makes a mere load of it; a clock would be a fifteenth of all the work
	bool mine = own(here);
	if (!likely(mine && here->sums.packets && !p->truncated)) {
		u32 place = p->place;
		struct margin *m = map_lookup(&margins, &place);
		if (!m)
			return false;
		m = after(here->what, m);
		if (!mine)
			return add_aside(p, m, now);
		add_rare(&here->sums, &m->cuts, p, now, m->snap);
	}
	add(&here->sums, p, now);
	return true;
}

// sequenced accounts for the number of a packet: in all that its exporter sends to this address, and in its session.
inlined void sequenced(struct packet *p, struct place *here)
{
	u32 whole_link = here ? here->whole : 0, session_link = here ? here->session : 0;
	if (!likely(whole_link))
		whole_link = stream_link(p, whole);
	if (!likely(session_link))
		session_link = stream_link(p, p->what);
	observe(whole_link, session_link, p->number);
}

// settle counts a packet that is of a place, or says why not.
inlined int settle(struct packet *p, struct place *here, bool judged)
{
	if (p->numbered)
		sequenced(p, here);
	if (likely(here && count_in(here, p)))
		return xdp_drop;
	return pass(judged);
}

// judge reads the frame of a packet whose addresses have been read, and finds where it is counted.
inlined bool judge(struct xdp_md *context, struct packet *p, struct place **here)
{
	u32 zero = 0, home = home_of(p);
	struct guide *g = map_lookup(&guide, &zero);
	if (!g)
		return false;
	u32 mask = *(volatile u32 *)&g->mask; // read once: it may change
	ask(p, g, home, mask);
	if (!read_inner(context, p))
		return false;
	*here = conversation(p, home, mask);
	return true;
}

inlined int count(struct xdp_md *context, u32 there)
{
	struct place *here = 0;
	struct packet e = {.there = there}; // nothing that is called has its address: it needs no memory
	if (likely(read_express(context, &e))) {
		bool judged = judge(context, &e, &here);
		return settle(&e, here, judged);
	}
	struct packet p = {.there = there};
	if (!read_outer(context, &p))
		return xdp_pass;
	if (!likely(read_mirror(context, &p)))
		return pass(false);
	bool judged = p.sound && p.ethernet && read_stations(context, &p) && judge(context, &p, &here);
	return settle(&p, here, judged);
}

// count_frags also takes packets of several buffers, which drivers make of what is longer than a page.
section("xdp.frags") int count_frags(struct xdp_md *context) { return count(context, buffer_length(context)); }

// count_plain is for drivers and kernels that cannot have the other.
section("xdp") int count_plain(struct xdp_md *context) { return count(context, context->data_end - context->data); }

// clock is run by user space, by itself, to learn what the ticks mean. The clock it reads is set at each tick.
section("xdp") int clock(struct xdp_md *context __attribute__((unused)))
{
	u32 zero = 0;
	struct moment *m = map_lookup(&moments, &zero);
	if (!m)
		return xdp_pass;
	m->ticks = ticks();
	m->ns = coarse_ns();
	return xdp_pass;
}
