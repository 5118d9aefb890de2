// The table of conversations: open addressing in an array, so that what is looked for is mostly one line of a cache away. The kernel's own
// hash table has it behind three that follow from each other, which was a third of all the work. Its writer is places_linux.go.
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

// conversation is the place of a packet's conversation, nil when it is not admitted.
inlined struct place *conversation(struct packet *p)
{
	u64 *key = (u64 *)&p->key, addresses = key[3], stations = key[5];
	u64 what = p->what | p->mark | (p->version6 ? over_version6 : 0) | (u64)p->key.macs[0] << 32;
	u64 sum = mix(mix(mix(seed, addresses), what), stations);
	if (!likely(!p->version6))
		sum = mix(mix(mix(sum, key[0]), key[1]), key[2]);
	u32 home = mix(sum, 0) >> 32; // what is high in a word has not met what is low before
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < probes; i++) {
		u32 at = home + i & mask;
		struct place *here = map_lookup(&places, &at);
		u32 state = here ? here->state : vacant;
		if (state == vacant)
			return 0;
		here = after(state, here);
		if (state != taken || here->key[3] != addresses || here->key[4] != what || here->key[5] != stations)
			continue;
		if (likely(!p->version6) || here->key[0] == key[0] && here->key[1] == key[1] && here->key[2] == key[2])
			return here;
	}
	return 0;
}
