// The table of conversations: open addressing in an array, so that what is looked for is mostly one line of a cache away. The kernel's own
// hash table has it behind three that follow from each other, and the counts behind two more. Its writer is places_linux.go.
#pragma once
#include "mirror.h"

// They are set when the program is loaded: odd numbers that nobody else knows, one for each word of a key, those of IPv4 first.
const volatile u64 factors[6];

// probes is how far from where it belongs a conversation may be. Half of all places are vacant: it is rare to look at a second one.
enum { probes = 64 };

// what_of is the word of a conversation's key that has all but addresses.
inlined u64 what_of(struct packet *p)
{
	return p->what | p->mark | (p->version6 ? over_version6 : 0) | (u64)p->key.macs[0] << 32;
}

// home_of is where a packet's conversation belongs: the memory of the place cannot be asked for before that is known, so that the products are
// such as do not wait for each other. What is high in their sum is brought down at last, twice: a product has it in few bits, and sums of
// products that are alike crowd.
inlined u32 home_of(struct packet *p)
{
	u64 *key = (u64 *)&p->key, sum = key[3] * factors[0] + what_of(p) * factors[1] + key[5] * factors[2];
	if (p->version6)
		sum += key[0] * factors[3] + key[1] * factors[4] + key[2] * factors[5];
	sum = (sum ^ sum >> 32) * 0xFF51AFD7ED558CCDULL;
	return (sum ^ sum >> 29) * 0xC4CEB9FE1A85EC53ULL >> 32;
}

// ask asks for the memory that a packet is likely to be counted in: the place at home, and the sequence that is hinted at by what its
// exporter's last byte and the session say. Between two packets of a conversation other memory passes through all caches, so that both have
// to be waited for, for longer than everything else takes; asked for together and before they are needed, they are waited for once, and
// while headers are read.
inlined void ask(struct packet *p, struct guide *g, u32 home, u32 mask)
{
	u32 id = p->what >> 16, last = p->key.stream.src >> 24;
	u32 at = home & mask, slot = g->hints[(id + last * hint_spread) % hint_count];
	struct place *place = map_lookup(&places, &at);
	if (place)
		(void)*(volatile u64 *)&place->what;
	struct sequence *s = map_lookup(&sequences, &slot);
	if (s)
		(void)*(volatile u8 *)&s->started;
}

// conversation is the place of a packet's conversation, which belongs at home; nil when it is not admitted.
inlined struct place *conversation(struct packet *p, u32 home, u32 mask)
{
	u64 *key = (u64 *)&p->key, addresses = key[3], stations = key[5], what = what_of(p);
#pragma clang loop unroll(disable)
	for (u64 i = 0; i < probes; i++) { // of 64 bits: where it is kept in memory Linux 5.15 knows no shorter one any more
		u32 at = home + i & mask;
		p->place = at;
		struct place *here = map_lookup(&places, &at);
		u64 there = here ? here->what : vacant;
		if (there == vacant)
			return 0;
		if (there != what)
			continue;
		here = after(there, here);
		if (here->addresses != addresses || here->stations != stations)
			continue;
		if (likely(!p->version6))
			return here;
		struct margin *m = map_lookup(&margins, &at);
		if (!m)
			continue;
		m = after(there, m);
		if (m->high[0] == key[0] && m->high[1] == key[1] && m->high[2] == key[2])
			return here;
	}
	return 0;
}
