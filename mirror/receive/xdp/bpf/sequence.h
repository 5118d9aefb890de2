// Sequence accounting, step by step that of mirror/sequence.
#pragma once
#include "packet.h"

enum { seq_jump = 1 << 16, seq_near = 64, seq_repeats = 16, trial_len = 1024, trial_rest = 1 << 16 };

inlined void seq_mark(struct detour *d, u32 n) { d->seen[n / 64 % seq_words] |= 1ULL << (n % 64); }

inlined bool seq_marked(struct detour *d, u32 n) { return d->seen[n / 64 % seq_words] >> (n % 64) & 1; }

inlined void seq_clear(struct detour *d)
{
	for (int i = 0; i < seq_words; i++)
		d->seen[i] = 0;
}

// seq_forget clears the bits of n numbers, fewer than the window, from the first on.
inlined void seq_forget(struct detour *d, u32 first, u32 n)
{
	for (int i = 0; i <= seq_words && n > 0; i++) {
		u32 bit = first % 64, some = 64 - bit;
		u64 bits = ~0ULL << bit;
		if (n < some) {
			some = n;
			bits &= ~(~0ULL << (bit + n)); // bit + n < 64
		}
		d->seen[first / 64 % seq_words] &= ~bits;
		first += some;
		n -= some;
	}
}

inlined void seq_begin(struct sequence *s, struct detour *d, u32 n)
{
	s->started = 1;
	s->astray = 0;
	d->repeats = 0;
	s->top = n;
	s->span = 1;
	seq_clear(d);
	seq_mark(d, n);
}

inlined void seq_advance(struct sequence *s, struct detour *d, u32 n, u32 by)
{
	if (by >= seq_window)
		seq_clear(d);
	else
		seq_forget(d, s->top + 1, by - 1);
	s->lost += by - 1;
	s->top = n;
	s->span = s->span + by < seq_window ? s->span + by : seq_window;
	seq_mark(d, n);
}

inlined bool seq_late(struct sequence *s, struct detour *d, u32 n, u32 behind)
{
	if (behind >= s->span) {
		d->reordered++;
		return true;
	}
	if (seq_marked(d, n)) {
		d->duplicated++;
		return false;
	}
	seq_mark(d, n);
	d->reordered++;
	s->lost--;
	return true;
}

inlined void seq_misfit(struct sequence *s, struct detour *d, u32 n)
{
	s32 step = n - s->stray;
	if (!s->astray || step > seq_near || step < -seq_near) {
		s->stray = n;
		s->astray = 1;
		d->strays++;
		return;
	}
	u32 first = s->stray, by = step;
	if (step < 0) {
		first = n;
		by = -step;
	}
	d->strays--;
	d->resets++;
	seq_begin(s, d, first);
	if (by == 0) {
		d->duplicated++;
		return;
	}
	s->lost += by - 1; // what is between them is cleared already
	s->top = first + by;
	s->span += by;
	seq_mark(d, first + by);
}

inlined bool seq_follow(struct sequence *s, struct detour *d, u32 n)
{
	s32 ahead = n - s->top;
	bool fits = true;
	if (ahead > 0 && ahead <= seq_jump) {
		seq_advance(s, d, n, ahead);
	} else if (ahead <= 0 && ahead > -seq_window) {
		fits = seq_late(s, d, n, -ahead);
	} else {
		seq_misfit(s, d, n);
		return false;
	}
	s->astray = 0;
	return fits;
}

// seq_next takes the number that follows the newest one: what seq_follow would do, mostly without its detours.
inlined void seq_next(struct sequence *s, u32 slot, u32 n)
{
	if (!likely(n % 64)) {
		struct detour *d = map_lookup(&detours, &slot);
		if (!d)
			return;
		d->seen[s->top / 64 % seq_words] = s->newest;
		s->newest = d->seen[n / 64 % seq_words];
	}
	s->newest |= 1ULL << (n % 64);
	s->top = n;
	s->span += s->span < seq_window;
	s->astray = 0;
}

inlined bool seq_other(struct sequence *s, struct detour *d, u32 n)
{
	if (!s->started) {
		seq_begin(s, d, n);
		return true;
	}
	if (!s->varying) {
		if (n == s->top) {
			d->repeats++;
			return false;
		}
		if (d->repeats > seq_repeats) {
			seq_begin(s, d, n);
			return true;
		}
		d->duplicated += d->repeats;
		s->varying = 1;
	}
	return seq_follow(s, d, n);
}

// seq_detour takes any number but the next one: the window of the detour is whole for as long as it takes.
inlined bool seq_detour(struct sequence *s, u32 slot, u32 n)
{
	struct detour *d = map_lookup(&detours, &slot);
	if (!d)
		return true;
	d->seen[s->top / 64 % seq_words] = s->newest;
	bool fits = seq_other(s, d, n);
	s->newest = d->seen[s->top / 64 % seq_words];
	return fits;
}

inlined bool seq_observe(struct sequence *s, u32 slot, u32 n)
{
	s->packets++;
	if (likely(s->varying && n - s->top == 1)) {
		seq_next(s, slot, n);
		return true;
	}
	return seq_detour(s, slot, n);
}

// trial_note notes how a number fitted into a whole stream that does not simply follow the one before.
inlined void trial_note(struct sequence *s, bool fits)
{
	s->noted++;
	s->misfits += !fits;
	if (s->noted < trial_len)
		return;
	if ((u64)s->misfits * 2 > s->packets - s->since) {
		s->rest = trial_rest;
		s->started = s->varying = 0; // it begins anew with what it takes then
	}
	s->since = s->packets;
	s->noted = 0;
	s->misfits = 0;
}

// whole_observe is seq_observe of a whole stream. Of an exporter that counts each session apart it makes nonsense: then it rests, and nothing
// fits.
inlined bool whole_observe(struct sequence *s, u32 slot, u32 n)
{
	if (s->varying && n - s->top == 1 && !s->astray) {
		s->packets++;
		seq_next(s, slot, n);
		return true;
	}
	if (s->rest) {
		s->rest--;
		return false;
	}
	s->packets++;
	bool fits = seq_detour(s, slot, n);
	trial_note(s, fits);
	return fits;
}

// Set when the program is loaded: this machine may make stores seen in another order than they are made in, as x86 does not.
const volatile bool weakly_ordered;

// seize takes a sequence for this CPU alone, if no other has it. The kernel's own lock for programs disables interrupts, too, and would be a
// fifth of all the work: what holds a sequence is never interrupted by what wants it, for both are softirqs.
inlined bool seize(struct sequence *s)
{
	return *(volatile u32 *)&s->seized == 0 && __sync_val_compare_and_swap(&s->seized, 0, 1) == 0;
}

// Who wants a sequence that another CPU has looks so often whether it is free, and reads the clock some times in between, which takes some
// 20 ns: longer than an interrupt takes, if not as long as a virtual CPU may stand still. The verifier goes through all of it.
enum { patience = 512 };

// seize_in_turn waits until it can seize the sequence at a slot. It is false when patience ends. It is not static, so that the verifier takes
// it by itself, and has a slot instead of a pointer, so that all it counts by stays in registers: those of Linux 5.15 lose sight of it
// elsewhere.
int seize_in_turn(u32 slot)
{
	struct sequence *s = map_lookup(&sequences, &slot);
	if (!s)
		return false;
#pragma clang loop unroll(disable)
	for (u32 i = 0; i < patience; i++) {
		if (seize(s))
			return true;
		clock_ns(), clock_ns(), clock_ns(), clock_ns();
	}
	return false;
}

// leave makes what was done to a sequence seen, and then that it is free.
inlined void leave(struct sequence *s)
{
	__asm__ volatile("" : : : "memory");
	if (weakly_ordered)
		__sync_lock_test_and_set(&s->seized, 0);
	else
		*(volatile u32 *)&s->seized = 0;
}

// seq_miss notes that there was a number that could not be observed.
inlined void seq_miss(struct sequence *s, u32 slot)
{
	struct detour *d = s ? map_lookup(&detours, &slot) : 0;
	if (d)
		__sync_fetch_and_add(&d->missed, 1);
}

// observe observes a number in a whole stream and in a session's, each at its slot plus 1, 0 when it is not admitted. To seize one is enough
// for both: all of a session is in the same whole. It is not static, so that the verifier takes it by itself, once, and not for each way
// that leads to it.
int observe(u32 whole_link, u32 session_link, u32 n)
{
	u32 whole_slot = whole_link - 1, session_slot = session_link - 1;
	struct sequence *w = whole_link ? map_lookup(&sequences, &whole_slot) : 0;
	struct sequence *s = session_link ? map_lookup(&sequences, &session_slot) : 0;
	struct sequence *first = w ? w : s;
	u32 first_slot = w ? whole_slot : session_slot;
	if (!first)
		return 0;
	if (likely(s)) // asks for its line: nothing is read ahead beyond what seizes
		(void)*(volatile u8 *)&s->started;
	if (!likely(seize(first)) && !seize_in_turn(first_slot)) {
		seq_miss(w, whole_slot);
		seq_miss(s, session_slot);
		return 0;
	}
	forget(w);
	forget(s);
	bool fits = !w || whole_observe(w, whole_slot, n);
	if (likely(s)) {
		seq_observe(s, session_slot, n);
		s->aliens += !fits;
	}
	leave(first);
	return 0;
}

// stream_link is where a stream is followed: its slot plus 1, 0 when it is not admitted.
inlined u32 stream_link(struct packet *p, u32 what)
{
	u32 *slot;
	struct stream_key key = p->key.stream;
	key.what = what;
	if (p->version6) {
		slot = map_lookup(&streams6, &key);
		apart(6);
	} else {
		slot = map_lookup(&streams4, key4(&key));
		apart(4);
	}
	return slot ? *slot + 1 : 0;
}
