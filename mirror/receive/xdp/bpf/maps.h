// The tables. User space alone adds to them and takes away: nothing that arrives can fill one. Layouts are those of layout.go.
#pragma once
#include "kernel.h"

// The kinds of streams and, without the mark, of conversations: the numbers of erspan.Type, and one for whole streams.
enum { bridging = 1, type2 = 3, type3 = 4, whole = 15 };

// What a packet says of its direction, in the upper half of the kind of a conversation.
enum { unmarked = 0 << 4, from_vm = 1 << 4, to_vm = 2 << 4 };

// That it came over IPv6, in the kind of a conversation.
enum { over_version6 = 1 << 7 };

// What only IPv6 has comes first in a key, and is left away in the table for IPv4: to look something up takes most of its time for
// hashing the key.
struct stream_key {
	u32 src_high[3];
	u32 dst_high[3];
	u32 src;
	u32 dst;
	u32 what; // the kind, the hardware id << 8, the id << 16
};

struct conversation_key {
	struct stream_key stream; // with the mark in its kind
	u32 macs[3];		  // of the mirrored frame: destination, source
} __attribute__((aligned(8)));

struct stream_key4 {
	u32 words[3];
};

#define key4(key) ((void *)&(key)->src)

// struct sums are what each packet adds to.
struct sums {
	u64 packets;
	u64 bytes;
	u64 outer_bytes;
	u32 last;    // in ticks of the kernel
	u32 largest; // bytes of the largest frame since user space made this 0
};

// struct cuts are what a packet that was cut adds to, and what the first one sets.
struct cuts {
	u64 truncated;
	u64 early;
	u64 missing;
	u32 first; // in ticks of the kernel
	u32 pad;
};

// What there is in a place instead of a kind, ids and stations: no conversation has these.
#define vacant 0ULL
#define left ~0ULL

// The owner of a place while nobody is to become it.
#define nobody ~0U

// struct place is one of the table of conversations, one line of a cache. All that a packet needs is in it which came over IPv4 and was not
// cut: to find where something is counted is most of what it costs to count. The CPU that comes first owns a place, and counts in it;
// others count aside. User space writes places in memory that it shares, what last.
struct place {
	u64 addresses; // words of struct conversation_key, the low ones
	u64 what;
	u64 stations;
	u32 owner;   // the CPU plus 1, 0 none yet
	u16 whole;   // the slot in sequences plus 1 of the whole stream, 0 look it up
	u16 session; // and of the session's
	struct sums sums;
} __attribute__((aligned(64)));

// struct margin is what else there is to a place, at the same index.
struct margin {
	u64 high[3]; // of IPv6, words of struct conversation_key
	u32 snap;    // the snap length in bytes, 0 none
	u32 slot;    // in aside
	struct cuts cuts; // its last word is spare
} __attribute__((aligned(64)));

// struct counts is what one CPU has counted of a conversation whose place it does not own.
struct counts {
	struct sums sums;
	struct cuts cuts;
};

// struct sequence is mirror/sequence's Space. Packets of one stream may be spread over several CPUs, or move from one
// to another when interrupts are balanced anew, so that it is one for all of them, which seize it by turns. What follows in order touches this
// alone, one line of a cache.
enum { seq_window = 1024, seq_words = seq_window / 64 };

struct sequence {
	u32 seized; // by a CPU
	u32 top;
	u32 span;
	u32 stray;
	u8 started;
	u8 varying;
	u8 astray;
	u8 pad;
	u32 rest; // of a whole stream: numbers to let pass
	u64 packets;
	u64 lost;
	u64 newest; // the word of seen that top is in
	u32 noted; // of a whole stream, whose trial this is: see mirror/sequence/trial.go
	u32 misfits;
	union {
		u64 since;  // of a whole stream
		u64 aliens; // of a session's: where each has numbers of its own every packet is one
	};
} __attribute__((aligned(64)));

// struct detour is what else there is to a sequence, at the same slot, and is seized with it.
struct detour {
	u64 seen[seq_words];
	u64 reordered;
	u64 duplicated;
	u64 resets;
	u64 strays;
	u64 repeats;
	u64 missed; // numbers that were not observed, because nobody could seize the sequence
	u64 spare[2];
} __attribute__((aligned(64)));

// struct guide says where things are, and is written by user space alone. The sequence of a session's stream is likely to be at the slot that
// is hinted at by few bits of what names it; a wrong one harms nothing.
enum { hint_count = 1024, hint_spread = 67 };

struct guide {
	u32 mask; // of the places in use, a power of two of them from the first on
	u32 pad;
	u16 hints[hint_count];
};

// struct moment is one moment by two clocks.
struct moment {
	u64 ticks;
	u64 ns; // of CLOCK_MONOTONIC
};

struct passed {
	u64 unjudged;
	u64 unadmitted;
	u64 aside; // not passed up, but counted aside
};

// The sizes are set when the maps are made.
struct {
	number(type, array_map);
	number(max_entries, 1);
	number(map_flags, mmapable);
	type(key, u32);
	type(value, struct place);
} places section(".maps");

struct {
	number(type, array_map);
	number(max_entries, 1);
	number(map_flags, mmapable);
	type(key, u32);
	type(value, struct margin);
} margins section(".maps");

struct {
	number(type, percpu_array_map);
	number(max_entries, 1);
	type(key, u32);
	type(value, struct counts);
} aside section(".maps");

struct {
	number(type, hash_map);
	number(max_entries, 1);
	number(map_flags, no_prealloc);
	type(key, struct stream_key4);
	type(value, u32);
} streams4 section(".maps");

struct {
	number(type, hash_map);
	number(max_entries, 1);
	number(map_flags, no_prealloc);
	type(key, struct stream_key);
	type(value, u32);
} streams6 section(".maps");

struct {
	number(type, array_map);
	number(max_entries, 1);
	number(map_flags, mmapable);
	type(key, u32);
	type(value, struct sequence);
} sequences section(".maps");

struct {
	number(type, array_map);
	number(max_entries, 1);
	number(map_flags, mmapable);
	type(key, u32);
	type(value, struct detour);
} detours section(".maps");

struct {
	number(type, array_map);
	number(max_entries, 1);
	number(map_flags, mmapable);
	type(key, u32);
	type(value, struct guide);
} guide section(".maps");

struct {
	number(type, percpu_array_map);
	number(max_entries, 1);
	type(key, u32);
	type(value, struct passed);
} passed section(".maps");

struct {
	number(type, array_map);
	number(max_entries, 1);
	type(key, u32);
	type(value, struct moment);
} moments section(".maps");
