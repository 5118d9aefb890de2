// The headers outside, read as frame.ParseIP reads them.
#pragma once
#include "maps.h"

// A packet's bytes: those that can be read lie between data and data_end, those that are there are so many.
struct bytes {
	void *data;
	void *data_end;
	u32 there;
};

struct outer {
	u32 at;	    // where the GRE header begins
	u32 end;    // where the datagram ends, or what is there of it
	u32 length; // of the IP packet, as it says
	bool first; // a first fragment
	bool sound; // neither a fragment nor cut, and without extension headers
};

// reach is a pointer to n bytes at an offset, nil when they cannot be read. No packet is longer than the mask.
inlined void *reach(struct bytes *b, u32 at, u32 n)
{
	void *p = b->data + (at & 0x7FFF);
	return p + n > b->data_end ? 0 : p;
}

enum { protocol_gre = 47, eth_ipv4 = 0x0800, eth_ipv6 = 0x86DD };
enum { next_hop_by_hop = 0, next_routing = 43, next_fragment = 44, next_auth = 51, next_none = 59, next_destination = 60 };

inlined bool is_tag(u16 type) { return type == 0x8100 || type == 0x88A8 || type == 0x9100; }

inlined bool is_extension(u8 next)
{
	return next == next_hop_by_hop || next == next_routing || next == next_fragment || next == next_auth || next == next_destination;
}

inlined bool outer4(struct bytes *b, struct outer *o, struct stream_key *key)
{
	u8 *h = reach(b, o->at, 20);
	if (!h || h[0] >> 4 != 4 || h[9] != protocol_gre)
		return false;
	u32 there = b->there - o->at, length = (h[0] & 15) * 4, total = big16(*(u16 *)(h + 2));
	u16 part = big16(*(u16 *)(h + 6)) & 0x3FFF;
	if (length < 20 || length > there || total != 0 && total < length || (part & 0x1FFF) != 0)
		return false;
	o->first = part != 0;
	o->sound = !o->first && total != 0 && total <= there;
	o->length = total;
	o->end = o->at + (total != 0 && total < there ? total : there);
	o->at += length;
	key->src[2] = key->dst[2] = 0xFFFF0000;
	key->src[3] = *(u32 *)(h + 12);
	key->dst[3] = *(u32 *)(h + 16);
	return true;
}

enum { walked_first = 1 << 31 }; // a first fragment

// walk skips the extension headers between an IPv6 header and GRE: what they precede is passed up, but its number has to be seen. It
// returns where GRE begins, 0 when it does not come. Like observe it is not static for the verifier's sake.
u32 walk(struct xdp_md *context, u32 at, u32 end)
{
	struct bytes b = {(void *)(long)context->data, (void *)(long)context->data_end, 0};
	u8 *h = reach(&b, at - 40, 40);
	if (!h)
		return 0;
	u8 next = h[6];
	u32 first = 0;
	for (int i = 0; i < 8 && next != protocol_gre; i++) {
		h = reach(&b, at, 8);
		if (!h || !is_extension(next))
			return 0;
		u32 n = (h[1] + 1) * 8;
		if (next == next_auth)
			n = (h[1] + 2) * 4;
		if (next == next_fragment) {
			u16 part = big16(*(u16 *)(h + 2));
			if (first || part & 0xFFF8)
				return 0;
			n = 8;
			first = part & 1;
		}
		next = h[0];
		at += n;
		if (at > end)
			return 0;
	}
	return next != protocol_gre ? 0 : first ? at | walked_first : at;
}

inlined bool outer6(struct xdp_md *context, struct bytes *b, struct outer *o, struct stream_key *key)
{
	u8 *h = reach(b, o->at, 40);
	if (!h || h[0] >> 4 != 6 || h[6] != protocol_gre && !is_extension(h[6]))
		return false;
	u32 there = b->there - o->at, payload = big16(*(u16 *)(h + 4));
	o->first = false;
	o->sound = payload != 0 && 40 + payload <= there && h[6] == protocol_gre;
	o->length = 40 + payload;
	o->end = o->at + (payload != 0 && 40 + payload < there ? 40 + payload : there);
	for (int i = 0; i < 4; i++) {
		key->src[i] = ((u32 *)(h + 8))[i];
		key->dst[i] = ((u32 *)(h + 24))[i];
	}
	o->at += 40;
	if (h[6] == protocol_gre)
		return true;
	u32 walked = walk(context, o->at, o->end);
	o->at = walked & ~walked_first;
	o->first = walked >> 31;
	return walked != 0;
}

// read_outer reads as far as the GRE header. It is false for what is no packet of protocol 47, and for what is of no use to anyone.
inlined bool read_outer(struct xdp_md *context, struct bytes *b, struct outer *o, struct stream_key *key)
{
	u8 *h = reach(b, 0, 14);
	if (!h)
		return false;
	u16 type = big16(*(u16 *)(h + 12));
	o->at = 14;
	for (int i = 0; i < 2 && is_tag(type); i++) {
		h = reach(b, o->at, 4);
		if (!h)
			return false;
		type = big16(*(u16 *)(h + 2));
		o->at += 4;
	}
	if (type == eth_ipv4)
		return outer4(b, o, key);
	return type == eth_ipv6 && outer6(context, b, o, key);
}
