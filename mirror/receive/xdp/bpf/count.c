// Counts mirrored packets before the network stack sees them: those that user space has admitted are counted and dropped, everything
// else is passed up as it came.
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

inlined void add(struct counts *c, struct outer *o, struct mirror *m, struct inner *f, u32 snap)
{
	u64 now = coarse_ns();
	if (c->packets == 0)
		c->first = now;
	c->last = now;
	c->packets++;
	c->bytes += f->length;
	c->outer_bytes += o->length;
	if (!m->truncated && !f->truncated)
		return;
	c->truncated++;
	if (snap == 0 || f->there + 64 < snap) // 64 is mirror/evidence's snapTolerance
		c->early++;
}

// sequenced accounts for the number of a packet: in all that its exporter sends to this address, and in its session.
inlined void sequenced(struct stream_key *key, struct mirror *m, struct admission *a)
{
	key->kind = whole;
	key->hardware_id = 0;
	key->id = 0;
	bool fits = follow(a ? a->whole : 0, key, m->sequence, false);
	key->kind = m->kind;
	key->hardware_id = m->hardware_id;
	key->id = m->id;
	follow(a ? a->session : 0, key, m->sequence, !fits);
}

inlined struct admission *admitted(struct conversation_key *key, struct mirror *m, struct inner *f)
{
	key->stream.kind = m->kind | m->mark;
	key->stream.hardware_id = m->hardware_id;
	key->stream.id = m->id;
	for (int i = 0; i < 3; i++)
		key->macs[i] = f->macs[i];
	return map_lookup(&conversations, key);
}

inlined int count(struct xdp_md *context, u32 there)
{
	struct bytes b = {(void *)(long)context->data, (void *)(long)context->data_end, there};
	struct conversation_key key = {};
	struct outer o;
	if (!read_outer(context, &b, &o, &key.stream))
		return xdp_pass;
	struct mirror m = {};
	if (!read_mirror(&b, &o, &m))
		return pass(false);
	if (!o.first && m.ethernet && m.frame + 14 > o.end)
		return pass(false);
	struct inner f;
	bool judged = o.sound && m.ethernet && read_inner(&b, m.frame, o.end, &f);
	struct admission *a = judged ? admitted(&key, &m, &f) : 0;
	if (m.numbered)
		sequenced(&key.stream, &m, a);
	if (!a)
		return pass(judged);
	struct counts *c = map_lookup(&counts, &a->slot);
	if (!c)
		return pass(true);
	add(c, &o, &m, &f, a->snap);
	return xdp_drop;
}

// count_frags also takes packets of several buffers, which drivers make of what is longer than a page.
section("xdp.frags") int count_frags(struct xdp_md *context) { return count(context, buffer_length(context)); }

// count_plain is for drivers and kernels that cannot have the other.
section("xdp") int count_plain(struct xdp_md *context) { return count(context, context->data_end - context->data); }
