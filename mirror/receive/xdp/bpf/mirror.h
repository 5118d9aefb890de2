// GRE and ERSPAN, read as gre.Parse and erspan.Parse read them.
#pragma once
#include "packet.h"

enum { gre_checksum = 0x8000, gre_key = 0x2000, gre_sequence = 0x1000, gre_refused = 0x4C07 };
enum { gre_bridging = 0x6558, gre_erspan2 = 0x88BE, gre_erspan3 = 0x22EB };
enum { key_from_vm = 0x02000000, key_to_vm = 0 };

// field reads 4 bytes of a header that end before the datagram does.
inlined bool field(struct xdp_md *context, struct packet *p, u32 at, u32 *value)
{
	u8 *h = reach(context, at, 4);
	if (!h || at + 4 > p->end)
		return false;
	*value = big32(*(u32 *)h);
	return true;
}

inlined bool read_session(struct xdp_md *context, struct packet *p, u32 version)
{
	u32 word;
	if (!field(context, p, p->at, &word) || word >> 28 != version)
		return false;
	p->what |= (word & 0x3FF) << 16;
	p->truncated = word >> 10 & 1;
	return true;
}

inlined bool read_type2(struct xdp_md *context, struct packet *p)
{
	p->what = type2;
	if (!p->numbered || !read_session(context, p, 1))
		return false;
	p->at += 8;
	return true;
}

inlined bool read_type3(struct xdp_md *context, struct packet *p)
{
	u32 word;
	p->what = type3;
	if (!read_session(context, p, 2) || !field(context, p, p->at + 8, &word))
		return false;
	p->what |= (word >> 4 & 0x3F) << 8;
	p->mark = word & 8 ? to_vm : from_vm;
	p->ethernet = (word >> 10 & 0x1F) == 0;
	p->at += word & 1 ? 20 : 12;
	return true;
}

// read_gre reads the header, and returns the protocol; 0 what is refused.
inlined u16 read_gre(struct xdp_md *context, struct packet *p)
{
	u32 word, key, at = p->at + 4;
	if (!field(context, p, p->at, &word) || word >> 16 & gre_refused)
		return 0;
	u16 flags = word >> 16;
	if (flags & gre_checksum)
		at += 4;
	if (flags & gre_key) {
		if (!field(context, p, at, &key))
			return 0;
		p->mark = key == key_from_vm ? from_vm : key == key_to_vm ? to_vm : unmarked;
		at += 4;
	}
	if (flags & gre_sequence) {
		if (!field(context, p, at, &p->number))
			return 0;
		p->numbered = true;
		at += 4;
	}
	p->at = at;
	return word;
}

// read_mirror reads as far as the mirrored frame. It is false for what is of no use to anyone, and for ERSPAN Type I.
inlined bool read_mirror(struct xdp_md *context, struct packet *p)
{
	u16 protocol = read_gre(context, p);
	p->ethernet = true;
	switch (protocol) {
	case gre_bridging:
		p->what = bridging;
		p->numbered = false;
		break;
	case gre_erspan2:
		p->mark = unmarked;
		if (!read_type2(context, p))
			return false;
		break;
	case gre_erspan3:
		if (!read_type3(context, p))
			return false;
		break;
	default:
		return false;
	}
	return p->first || !p->ethernet || p->at + 14 <= p->end;
}
