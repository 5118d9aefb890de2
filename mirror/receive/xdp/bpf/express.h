// The packet that nearly all are, read at fixed offsets: ERSPAN II with a number and nothing optional, in IPv4 without options that is whole and
// without VLAN tags. What is read of it is what outer.h and mirror.h would read: all others are theirs. It is less code than theirs, and between
// two packets the network stack has pushed out of the nearest cache what there is of it.
#pragma once
#include "mirror.h"
#include "outer.h"

// Where things are, in bytes from the first of the packet.
enum {
	express_type = 12,
	express_ip = 14,
	express_total = express_ip + 2,
	express_part = express_ip + 6,
	express_protocol = express_ip + 9,
	express_addresses = express_ip + 12,
	express_gre = express_ip + 20,
	express_number = express_gre + 4,
	express_session = express_gre + 8,
	express_frame = express_session + 8,
	express_end = express_frame + 14,
};

// read_express reads as far as the addresses of the mirrored frame. It is false for any other packet, of which nothing is read then.
inlined bool read_express(struct xdp_md *context, struct packet *p)
{
	u8 *h = reach(context, 0, express_end);
	if (!h || *(u32 *)(h + express_gre) != __builtin_bswap32(gre_sequence << 16 | gre_erspan2))
		return false;
	if (*(u16 *)(h + express_type) != big16(eth_ipv4) || h[express_ip] != 0x45 || h[express_protocol] != protocol_gre)
		return false;
	if (*(u16 *)(h + express_part) & big16(0x3FFF) || h[express_frame] & 1)
		return false;
	u32 session = big32(*(u32 *)(h + express_session)), total = big16(*(u16 *)(h + express_total));
	if (session >> 28 != 1 || total < express_end - express_ip || total > p->there - express_ip)
		return false;
	*(u64 *)&p->key.stream.src = *(u64 *)(h + express_addresses);
	p->key.macs[0] = *(u32 *)(h + express_frame);
	*(u64 *)&p->key.macs[1] = *(u64 *)(h + express_frame + 4);
	p->what = type2 | (session & 0x3FF) << 16;
	p->truncated = session >> 10 & 1;
	p->number = big32(*(u32 *)(h + express_number));
	p->numbered = true;
	p->length = total;
	p->at = express_frame;
	p->end = express_ip + total;
	return true;
}
