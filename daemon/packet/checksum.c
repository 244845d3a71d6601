/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/packet/checksum.h"

#include <endian.h>
#include <string.h>

/*
 * The sum is kept in the machine's own byte order (RFC 1071, section 2 (B): it commutes with swapping bytes) and in words
 * wider than 16 bits (2 (C)). The halves of a 64-bit word cannot overflow a 64-bit sum in any packet, so no carry is looked
 * at on the way.
 */
static inline uint64_t halves(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return (word & 0xffffffff) + (word >> 32);
}

/* Small enough for any number of further additions. */
static inline uint64_t fold32(uint64_t sum)
{
	return (sum & 0xffffffff) + (sum >> 32);
}

uint64_t checksum_add(uint64_t sum, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;
	uint64_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
	uint8_t tail[8] = { 0 };

	/* Four sums that do not wait for each other. */
	for (; len >= 32; len -= 32, b += 32) {
		s0 += halves(b);
		s1 += halves(b + 8);
		s2 += halves(b + 16);
		s3 += halves(b + 24);
	}
	for (; len >= 8; len -= 8, b += 8)
		s0 += halves(b);
	if (len) {
		memcpy(tail, b, len);
		s1 += halves(tail);
	}
	return fold32(sum) + fold32(s0) + fold32(s1) + fold32(s2) + fold32(s3);
}

uint16_t checksum_finish(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return be16toh((uint16_t)~sum);
}

uint16_t checksum_transport(const uint8_t *source, const uint8_t *destination, uint8_t address_len, uint8_t protocol,
			    const uint8_t *bytes, size_t len)
{
	/* RFC 8200, section 8.1; that of IPv4 has narrower fields and the same sum. */
	const uint8_t pseudo[8] = {
		(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, protocol,
	};
	uint64_t sum = checksum_add(0, pseudo, sizeof(pseudo));

	sum = checksum_add(sum, source, address_len);
	sum = checksum_add(sum, destination, address_len);
	return checksum_finish(checksum_add(sum, bytes, len));
}
