// The table of conversations: open addressing in an array, so that what is looked for is mostly one line of a cache away. The kernel's own
// hash table has it behind three that follow from each other, and the counts behind two more. Its writer is places_linux.go.
#pragma once
#include "packet.h"

// They are set when the program is loaded.
const volatile u64 seed;
const volatile u32 mask; // of the number of places, a power of two

// probes is how far from where it belongs a conversation may be. Half of all places are vacant: it is rare to look at a second one.
enum { probes = 64 };

inlined u64 mix(u64 sum, u64 word)
{
	sum = (sum ^ word) * 0x9E3779B97F4A7C15ULL;
	return sum ^ sum >> 32;
}

// what_of is the word of a conversation's key that has all but addresses.
inlined u64 what_of(struct packet *p)
{
	return p->what | p->mark | (p->version6 ? over_version6 : 0) | (u64)p->key.macs[0] << 32;
}

// home_of is where a packet's conversation belongs.
inlined u32 home_of(struct packet *p)
{
	u64 *key = (u64 *)&p->key;
	u64 sum = mix(mix(mix(seed, key[3]), what_of(p)), key[5]);
	if (!likely(!p->version6))
		sum = mix(mix(mix(sum, key[0]), key[1]), key[2]);
	return mix(sum, 0) >> 32; // what is high in a word has not met what is low before
}

// ask asks for the memory that a packet is likely to be counted in: the place at home, and the sequence. Between two packets of a
// conversation other memory passes through all caches, so that both have to be waited for, for longer than everything else takes; asked
// for together and before they are needed, they are waited for once, and while the mirrored frame is read.
inlined void ask(struct packet *p, u32 home)
{
	u32 zero = 0, at = home & mask;
	struct place *place = map_lookup(&places, &at);
	struct hints *h = map_lookup(&hints, &zero);
	if (place)
		(void)*(volatile u64 *)&place->what;
	if (!h)
		return;
	u32 slot = h->slots[((p->what >> 16) + (p->key.stream.src >> 24) * hint_spread) % hint_count];
	struct sequence *s = map_lookup(&sequences, &slot);
	if (s)
		(void)*(volatile u8 *)&s->started;
}

// conversation is the place of a packet's conversation, which belongs at home; nil when it is not admitted.
inlined struct place *conversation(struct packet *p, u32 home)
{
	u64 *key = (u64 *)&p->key, addresses = key[3], stations = key[5], what = what_of(p);
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < probes; i++) {
		u32 at = home + i & mask;
		struct place *here = map_lookup(&places, &at);
		u64 there = here ? here->what : vacant;
		if (there == vacant)
			return 0;
		if (there != what)
			continue;
		here = after(there, here);
		if (here->addresses != addresses || here->stations != stations)
			continue;
		if (likely(!p->version6) || here->high[0] == key[0] && here->high[1] == key[1] && here->high[2] == key[2])
			return here;
	}
	return 0;
}
