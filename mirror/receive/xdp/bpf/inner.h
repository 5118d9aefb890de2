// The mirrored frame, measured as frame.Parse measures it.
#pragma once
#include "outer.h"

enum { eth_arp = 0x0806, eth_rarp = 0x8035, eth_least = 1536 };

inlined bool has_ports(u8 protocol)
{
	return protocol == 6 || protocol == 17 || protocol == 33 || protocol == 132 || protocol == 136;
}

// bound sets the length from an IP packet at an offset of the frame. It is false when a transport's ports are cut off.
inlined bool bound(struct packet *p, u32 at, u32 header, u32 total, bool ports)
{
	u32 there = p->frame_there - at, payload = (total < there ? total : there) - header;
	p->frame_length = at + total;
	p->truncated |= total > there;
	return !ports || payload >= 4;
}

inlined bool inner4(struct xdp_md *context, struct packet *p, u32 at)
{
	u8 *h = reach(context, p->at + at, 20);
	u32 there = p->frame_there - at;
	if (!h || there < 20 || h[0] >> 4 != 4)
		return false;
	u32 header = (h[0] & 15) * 4, total = big16(*(u16 *)(h + 2));
	if (header < 20 || header > there || h[9] == protocol_gre)
		return false;
	if (total == 0)
		total = there;
	if (total < header)
		return false;
	return bound(p, at, header, total, has_ports(h[9]) && (big16(*(u16 *)(h + 6)) & 0x1FFF) == 0);
}

inlined bool inner6(struct xdp_md *context, struct packet *p, u32 at)
{
	u8 *h = reach(context, p->at + at, 40);
	u32 there = p->frame_there - at;
	if (!h || there < 40 || h[0] >> 4 != 6 || is_extension(h[6]) || h[6] == protocol_gre)
		return false;
	u32 total = 40 + big16(*(u16 *)(h + 4));
	if (total == 40 && h[6] != next_none)
		total = there;
	return bound(p, at, 40, total, has_ports(h[6]));
}

// read_stations reads the addresses of the mirrored frame. It is false for what is left to user space.
inlined bool read_stations(struct xdp_md *context, struct packet *p)
{
	u8 *h = reach(context, p->at, 14);
	if (!h || p->at + 14 > p->end || h[0] & 1)
		return false;
	p->key.macs[0] = *(u32 *)h;
	*(u64 *)&p->key.macs[1] = *(u64 *)(h + 4); // at once, as it will be read
	return true;
}

// read_inner reads the rest of the mirrored frame. It is false for what is left to user space.
inlined bool read_inner(struct xdp_md *context, struct packet *p)
{
	u8 *h = reach(context, p->at, 14);
	if (!h)
		return false;
	p->frame_there = p->frame_length = p->end - p->at;
	u16 type = big16(*(u16 *)(h + 12));
	u32 at = 14;
	for (int i = 0; i < 2 && is_tag(type); i++) {
		h = reach(context, p->at + at, 4);
		if (!h || at + 4 > p->frame_there)
			return false;
		type = big16(*(u16 *)(h + 2));
		at += 4;
	}
	if (is_tag(type) || type < eth_least || type == eth_arp || type == eth_rarp)
		return false;
	if (type == eth_ipv4)
		return inner4(context, p, at);
	return type != eth_ipv6 || inner6(context, p, at);
}
