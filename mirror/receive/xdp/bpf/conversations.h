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

// home_of is where a conversation with a sum belongs: what is high in a word has not met what is low before.
inlined u32 home_of(u64 sum) { return mix(sum, 0) >> 32; }

// conversation is the place of a packet's conversation, nil when it is not admitted.
inlined struct place *conversation(struct packet *p)
{
	u64 *key = (u64 *)&p->key, addresses = key[3], stations = key[5];
	u64 what = p->what | p->mark | (p->version6 ? over_version6 : 0) | (u64)p->key.macs[0] << 32;
	u64 sum = mix(mix(mix(seed, addresses), what), stations);
	if (!likely(!p->version6))
		sum = mix(mix(mix(sum, key[0]), key[1]), key[2]);
	u32 home = home_of(sum);
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
