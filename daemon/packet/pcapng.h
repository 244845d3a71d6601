/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet as a capture file in pcapng, which Wireshark, tcpdump and libpcap read. Pure. */
#ifndef PACKET_PCAPNG_H
#define PACKET_PCAPNG_H

#include <stddef.h>
#include <stdint.h>

struct pcapng_packet {
	const uint8_t *data;    /* from the IP header on */
	uint32_t captured_len;  /* at most PCAPNG_PACKET_MAX */
	uint32_t original_len;
	uint64_t time_ns;       /* since the epoch */
	const char *comment;    /* cut to PCAPNG_COMMENT_MAX bytes */
	const char *writer;     /* name and version of the program */
};

#define PCAPNG_PACKET_MAX  (256 * 1024)
#define PCAPNG_COMMENT_MAX 1024

/* Bytes that a file may have at most. */
size_t pcapng_size(const struct pcapng_packet *packet);

/* Writes the file. Returns its bytes, 0 when `size` is below pcapng_size() or the packet too long. */
size_t pcapng_write(uint8_t *buffer, size_t size, const struct pcapng_packet *packet);

#endif
