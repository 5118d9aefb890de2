// A packet, and what has been read of it.
#pragma once
#include "maps.h"

struct packet {
	struct conversation_key key;
	u32 what;   // as of a stream_key
	u32 there;  // bytes
	u32 at;	    // where the GRE header begins, and later the mirrored frame
	u32 end;    // where the datagram ends, or what is there of it
	u32 length; // of the IP packet, as it says
	u32 number;
	u32 place; // where it is counted
	u32 frame_there;  // bytes of the mirrored frame
	u32 frame_length; // as the frame says
	u8 first;	  // a first fragment
	u8 sound;	  // outside: neither a fragment nor cut, and without extension headers
	u8 numbered;
	u8 mark;
	u8 truncated; // says the sender, or fewer bytes of the frame are there than it says
	u8 ethernet;  // is certainly what is mirrored
	u8 version6;  // outside
	u8 pad;
};

// reach is a pointer to n bytes at an offset, nil when they cannot be read. No packet is longer than the mask.
inlined u8 *reach(struct xdp_md *context, u32 at, u32 n)
{
	u8 *p = (u8 *)(long)context->data + (at & 0x7FFF);
	return p + n > (u8 *)(long)context->data_end ? 0 : p;
}
