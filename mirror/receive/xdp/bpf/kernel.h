// What the programs need of the kernel's interface (linux/bpf.h, uapi), written out so that clang alone builds them.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef _Bool bool;
#define true 1
#define false 0

#define section(name) __attribute__((section(name), used))
#define inlined static inline __attribute__((always_inline))
#define called static __attribute__((noinline))

// A map's definition as the loader reads it from the types of its fields.
#define number(name, value) int (*name)[value]
#define type(name, is) __typeof__(is) *name

enum { hash_map = 1, array_map = 2, percpu_array_map = 6 };
enum { no_prealloc = 1, mmapable = 1024 };
enum { xdp_drop = 1, xdp_pass = 2 };

struct xdp_md {
	u32 data;
	u32 data_end;
	u32 data_meta;
	u32 ingress_ifindex;
	u32 rx_queue_index;
	u32 egress_ifindex;
};

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static u64 (*const clock_ns)(void) = (void *)5;
static u32 (*const cpu)(void) = (void *)8;
static u64 (*const coarse_ns)(void) = (void *)160; // Linux 5.11
static u64 (*const ticks)(void) = (void *)118; // Linux 5.6
static u64 (*const buffer_length)(struct xdp_md *) = (void *)188; // Linux 5.18

// apart keeps the compiler from joining two calls into one with a choice of maps: that one could not be inlined by the kernel, and would
// cost an indirect call.
#define apart(words) __asm__ volatile("" : : "i"(words))

// after makes a pointer depend on a value, so that what is read by it is no older than the value: readers of what others publish need it
// on machines that read out of order. It costs an instruction.
#define after(value, pointer)                                                                                                              \
	({                                                                                                                                 \
		u64 none = (value);                                                                                                        \
		__asm__ volatile("%0 &= 0" : "+r"(none));                                                                                  \
		(__typeof__(pointer))((u8 *)(pointer) + none);                                                                             \
	})

// forget has the compiler forget what it knows of a pointer, so that it looks at that itself whether it is nil, and not at a number that it
// keeps of it: the verifiers of Linux 5.15 do not know one from the other any more when that was in memory.
#define forget(pointer) __asm__ volatile("" : "+r"(pointer))

#define likely(x) __builtin_expect(!!(x), 1)

#define big16(x) ((u16)__builtin_bswap16(x))
#define big32(x) __builtin_bswap32(x)
