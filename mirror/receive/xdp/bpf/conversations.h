// The table of conversations: open addressing in an array, so that what is looked for is mostly one line of a cache away. The kernel's own
// hash table has it behind three that follow from each other, and the counts behind two more. Its writer is places_linux.go.
#pragma once
#include "mirror.h"

// It is set when the program is loaded.
const volatile u64 seed;

// probes is how far from where it belongs a conversation may be. Half of all places are vacant: it is rare to look at a second one.
enum { probes = 64 };

// mix adds a word to a sum. What is high in it is brought down first: a product has it in few bits.
inlined u64 mix(u64 sum, u64 word)
{
	sum ^= word;
	return (sum ^ sum >> 32) * 0x9E3779B97F4A7C15ULL;
}

// what_of is the word of a conversation's key that has all but addresses.
inlined u64 what_of(struct packet *p)
{
	return p->what | p->mark | (p->version6 ? over_version6 : 0) | (u64)p->key.macs[0] << 32;
}

// home4 is where a conversation over IPv4 belongs, by the words of its key.
inlined u32 home4(u64 addresses, u64 what, u64 stations)
{
	return mix(mix(mix(mix(seed, addresses), what), stations), 0) >> 32;
}

// home_of is where a packet's conversation belongs.
inlined u32 home_of(struct packet *p)
{
	u64 *key = (u64 *)&p->key;
	if (likely(!p->version6))
		return home4(key[3], what_of(p), key[5]);
	u64 sum = mix(mix(mix(seed, key[3]), what_of(p)), key[5]);
	return mix(mix(mix(mix(sum, key[0]), key[1]), key[2]), 0) >> 32;
}

// ask asks for the memory that a packet is likely to be counted in: the place at home, and the sequence that is hinted at by what its
// exporter's last byte and the session say. Between two packets of a conversation other memory passes through all caches, so that both have to be waited for, for
// longer than everything else takes; asked for together and before they are needed, they are waited for once, and while headers are read.
inlined void ask(struct packet *p, u32 home)
{
	u32 zero = 0, id = p->what >> 16, last = p->key.stream.src >> 24;
	struct guide *g = map_lookup(&guide, &zero);
	if (!g)
		return;
	u32 at = home & g->mask, slot = g->hints[(id + last * hint_spread) % hint_count];
	struct place *place = map_lookup(&places, &at);
	if (place)
		(void)*(volatile u64 *)&place->what;
	struct sequence *s = map_lookup(&sequences, &slot);
	if (s)
		(void)*(volatile u8 *)&s->started;
}

// conversation is the place of a packet's conversation, which belongs at home; nil when it is not admitted.
inlined struct place *conversation(struct packet *p, u32 home)
{
	u64 *key = (u64 *)&p->key, addresses = key[3], stations = key[5], what = what_of(p);
	u32 zero = 0;
	struct guide *g = map_lookup(&guide, &zero);
	if (!g)
		return 0;
	u32 mask = *(volatile u32 *)&g->mask; // one for the whole search
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < probes; i++) {
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
