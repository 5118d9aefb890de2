// GRE and ERSPAN, read as gre.Parse and erspan.Parse read them.
#pragma once
#include "outer.h"

struct mirror {
	u32 frame;	// where the mirrored frame begins
	u32 sequence;
	u8 kind;
	u8 mark;
	u8 hardware_id;
	u16 id;
	bool numbered;
	bool truncated; // says the sender
	bool ethernet;	// is certainly what is mirrored
};

enum { gre_checksum = 0x8000, gre_key = 0x2000, gre_sequence = 0x1000, gre_refused = 0x4C07 };
enum { gre_bridging = 0x6558, gre_erspan2 = 0x88BE, gre_erspan3 = 0x22EB };
enum { key_from_vm = 0x02000000, key_to_vm = 0 };

// field reads 4 bytes of a header that end before the datagram does.
inlined bool field(struct bytes *b, struct outer *o, u32 at, u32 *value)
{
	u32 *p = reach(b, at, 4);
	if (!p || at + 4 > o->end)
		return false;
	*value = big32(*p);
	return true;
}

inlined bool read_session(struct bytes *b, struct outer *o, u32 version, struct mirror *m)
{
	u32 word;
	if (!field(b, o, m->frame, &word) || word >> 28 != version)
		return false;
	m->id = word & 0x3FF;
	m->truncated = word >> 10 & 1;
	return true;
}

inlined bool read_type2(struct bytes *b, struct outer *o, struct mirror *m)
{
	if (!read_session(b, o, 1, m))
		return false;
	m->frame += 8;
	return true;
}

inlined bool read_type3(struct bytes *b, struct outer *o, struct mirror *m)
{
	u32 word;
	if (!read_session(b, o, 2, m) || !field(b, o, m->frame + 8, &word))
		return false;
	m->hardware_id = word >> 4 & 0x3F;
	m->mark = word & 8 ? to_vm : from_vm;
	m->frame += word & 1 ? 20 : 12;
	m->ethernet = (word >> 10 & 0x1F) == 0;
	return true;
}

inlined bool read_mirror(struct bytes *b, struct outer *o, struct mirror *m)
{
	u32 word, key = 1, at = o->at + 4;
	if (!field(b, o, o->at, &word) || (word >> 16) & gre_refused)
		return false;
	u16 flags = word >> 16, protocol = word;
	if (flags & gre_checksum)
		at += 4;
	if (flags & gre_key) {
		if (!field(b, o, at, &key))
			return false;
		at += 4;
	}
	m->numbered = flags & gre_sequence && protocol != gre_bridging;
	if (flags & gre_sequence) {
		if (!field(b, o, at, &m->sequence))
			return false;
		at += 4;
	}
	m->frame = at;
	m->ethernet = true;
	switch (protocol) {
	case gre_bridging:
		m->kind = bridging;
		if (flags & gre_key)
			m->mark = key == key_from_vm ? from_vm : key == key_to_vm ? to_vm : unmarked;
		return true;
	case gre_erspan2:
		m->kind = type2;
		return m->numbered && read_type2(b, o, m);
	case gre_erspan3:
		m->kind = type3;
		return read_type3(b, o, m);
	}
	return false;
}
