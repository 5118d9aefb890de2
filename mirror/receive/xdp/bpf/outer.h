// The headers outside, read as frame.ParseIP reads them.
#pragma once
#include "packet.h"

enum { protocol_gre = 47, eth_ipv4 = 0x0800, eth_ipv6 = 0x86DD };
enum { next_hop_by_hop = 0, next_routing = 43, next_fragment = 44, next_auth = 51, next_none = 59, next_destination = 60 };

inlined bool is_tag(u16 type) { return type == 0x8100 || type == 0x88A8 || type == 0x9100; }

inlined bool is_extension(u8 next)
{
	return next == next_hop_by_hop || next == next_routing || next == next_fragment || next == next_auth || next == next_destination;
}

inlined bool outer4(struct xdp_md *context, struct packet *p)
{
	u8 *h = reach(context, p->at, 20);
	if (!h || h[0] >> 4 != 4 || h[9] != protocol_gre)
		return false;
	u32 there = p->there - p->at, length = (h[0] & 15) * 4, total = big16(*(u16 *)(h + 2));
	u16 part = big16(*(u16 *)(h + 6)) & 0x3FFF;
	if (length < 20 || length > there || total != 0 && total < length || (part & 0x1FFF) != 0)
		return false;
	p->first = part != 0;
	p->sound = !p->first && total != 0 && total <= there;
	p->length = total;
	p->end = p->at + (total != 0 && total < there ? total : there);
	p->at += length;
	*(u64 *)&p->key.stream.src = *(u64 *)(h + 12); // and dst, at once, as they will be read
	return true;
}

// What extension returns: the length of the header, the kind of the next and whether it is that of a first fragment.
enum { extension_length = 0xFFFF, extension_next = 16, extension_first = 1 << 24 };

// extension reads the IPv6 extension header of a kind at an offset, 0 when there is none, or that of a later fragment. Like observe it
// is not static, so that the verifier need not follow each way through a chain of headers.
u32 extension(struct xdp_md *context, u32 at, u32 kind)
{
	u8 *h = reach(context, at, 8);
	if (!h || !is_extension(kind))
		return 0;
	u32 next = (u32)h[0] << extension_next;
	if (kind == next_auth)
		return (h[1] + 2) * 4 | next;
	if (kind != next_fragment)
		return (h[1] + 1) * 8 | next;
	u16 part = big16(*(u16 *)(h + 2));
	if (part & 0xFFF8)
		return 0;
	return 8 | next | (part & 1 ? extension_first : 0);
}

// walk skips the extension headers between IPv6 and GRE: what they precede is passed up, but its number has to be seen.
int walk(struct xdp_md *context, struct packet *p, u32 kind)
{
	if (!p)
		return false;
	u32 at = p->at;
	for (int i = 0; i < 8 && kind != protocol_gre; i++) {
		u32 header = extension(context, at, kind);
		at = (at + (header & extension_length)) & 0x7FFF;
		if (header == 0 || at > p->end || kind == next_fragment && p->first)
			return false;
		kind = header >> extension_next & 0xFF;
		p->first |= header / extension_first;
	}
	p->at = at;
	return kind == protocol_gre;
}

inlined bool outer6(struct xdp_md *context, struct packet *p)
{
	u8 *h = reach(context, p->at, 40);
	if (!h || h[0] >> 4 != 6 || h[6] != protocol_gre && !is_extension(h[6]))
		return false;
	u32 there = p->there - p->at, payload = big16(*(u16 *)(h + 4));
	p->version6 = true;
	p->sound = payload != 0 && 40 + payload <= there && h[6] == protocol_gre;
	p->length = 40 + payload;
	p->end = p->at + (payload != 0 && 40 + payload < there ? 40 + payload : there);
	for (int i = 0; i < 3; i++) {
		p->key.stream.src_high[i] = ((u32 *)(h + 8))[i];
		p->key.stream.dst_high[i] = ((u32 *)(h + 24))[i];
	}
	p->key.stream.src = *(u32 *)(h + 20);
	p->key.stream.dst = *(u32 *)(h + 36);
	p->at += 40;
	return walk(context, p, h[6]);
}

// read_outer reads as far as the GRE header. It is false for what is no packet of protocol 47, and for what is of no use to anyone.
inlined bool read_outer(struct xdp_md *context, struct packet *p)
{
	u8 *h = reach(context, 0, 14);
	if (!h)
		return false;
	u16 type = big16(*(u16 *)(h + 12));
	p->at = 14;
	for (int i = 0; i < 2 && is_tag(type); i++) {
		h = reach(context, p->at, 4);
		if (!h)
			return false;
		type = big16(*(u16 *)(h + 2));
		p->at += 4;
	}
	if (type == eth_ipv4)
		return outer4(context, p);
	return type == eth_ipv6 && outer6(context, p);
}
