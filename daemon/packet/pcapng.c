/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The format: draft-ietf-opsawg-pcapng. Numbers are in the byte order of the writer, which the magic tells. */
#include "daemon/packet/pcapng.h"

#include <string.h>

#define SECTION_HEADER   0x0a0d0d0au
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define INTERFACE        1u
#define ENHANCED_PACKET  6u
#define LINKTYPE_RAW     101u /* the packet begins with its IPv4 or IPv6 header */

#define OPTION_END       0u
#define OPTION_COMMENT   1u
#define SECTION_WRITER   4u
#define INTERFACE_TSRES  9u
#define NANOSECONDS      9u /* 10 to the minus 9 */

#define FIXED_MAX        256 /* all blocks without packet and texts */
#define WRITER_MAX       64

struct writer {
	uint8_t *buffer;
	size_t used;
	size_t block; /* where the block under way begins */
};

static void put(struct writer *w, const void *bytes, size_t len)
{
	static const uint8_t zeros[4];

	if (len)
		memcpy(w->buffer + w->used, bytes, len);
	w->used += len;
	memcpy(w->buffer + w->used, zeros, -len & 3);
	w->used += -len & 3;
}

static void put32(struct writer *w, uint32_t value)
{
	put(w, &value, sizeof(value));
}

static void put_option(struct writer *w, uint16_t code, const void *bytes, size_t len)
{
	const uint16_t head[2] = { code, (uint16_t)len };

	put(w, head, sizeof(head));
	put(w, bytes, len);
}

static void begin(struct writer *w, uint32_t type)
{
	w->block = w->used;
	put32(w, type);
	put32(w, 0);
}

/* The length stands at both ends of a block. */
static void end(struct writer *w)
{
	uint32_t len = (uint32_t)(w->used - w->block) + 4;

	memcpy(w->buffer + w->block + 4, &len, sizeof(len));
	put32(w, len);
}

static void put_section(struct writer *w, const char *program)
{
	const uint16_t version[2] = { 1, 0 };
	const uint64_t unknown_len = UINT64_MAX;

	begin(w, SECTION_HEADER);
	put32(w, BYTE_ORDER_MAGIC);
	put(w, version, sizeof(version));
	put(w, &unknown_len, sizeof(unknown_len));
	put_option(w, SECTION_WRITER, program, strnlen(program, WRITER_MAX));
	put_option(w, OPTION_END, NULL, 0);
	end(w);
}

static void put_interface(struct writer *w)
{
	const uint16_t link[2] = { LINKTYPE_RAW, 0 };
	const uint8_t resolution = NANOSECONDS;

	begin(w, INTERFACE);
	put(w, link, sizeof(link));
	put32(w, 0); /* no limit on lengths */
	put_option(w, INTERFACE_TSRES, &resolution, sizeof(resolution));
	put_option(w, OPTION_END, NULL, 0);
	end(w);
}

static void put_packet(struct writer *w, const struct pcapng_packet *packet)
{
	begin(w, ENHANCED_PACKET);
	put32(w, 0); /* the interface */
	put32(w, (uint32_t)(packet->time_ns >> 32));
	put32(w, (uint32_t)packet->time_ns);
	put32(w, packet->captured_len);
	put32(w, packet->original_len);
	put(w, packet->data, packet->captured_len);
	put_option(w, OPTION_COMMENT, packet->comment, strnlen(packet->comment, PCAPNG_COMMENT_MAX));
	put_option(w, OPTION_END, NULL, 0);
	end(w);
}

size_t pcapng_size(const struct pcapng_packet *packet)
{
	return (size_t)packet->captured_len + PCAPNG_COMMENT_MAX + WRITER_MAX + FIXED_MAX;
}

size_t pcapng_write(uint8_t *buffer, size_t size, const struct pcapng_packet *packet)
{
	struct writer w = { .buffer = buffer };

	if (packet->captured_len > PCAPNG_PACKET_MAX || size < pcapng_size(packet))
		return 0;
	put_section(&w, packet->writer);
	put_interface(&w);
	put_packet(&w, packet);
	return w.used;
}
