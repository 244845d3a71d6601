/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Are the lengths and checksums of a packet right? Written from the RFCs, byte by byte, and sharing no code with what it
 * checks.
 */
#ifndef UNIT_VERIFY_H
#define UNIT_VERIFY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static unsigned verify_16(const uint8_t *b)
{
	return b[0] * 256u + b[1];
}

/* RFC 1071 as its section 1 tells it: a sum of 16-bit words with end-around carry. A right sum is 0xffff. */
static unsigned verify_sum(unsigned sum, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? b[i] : b[i] * 256u;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

static const char *verify_transport(const uint8_t *source, const uint8_t *destination, size_t address_len, unsigned protocol,
				    const uint8_t *b, size_t room)
{
	unsigned sum = verify_sum(verify_sum(0, source, address_len), destination, address_len);
	uint8_t tail[4] = { 0, (uint8_t)protocol };

	if (protocol == 17) {
		if (room < 8 || verify_16(b + 4) < 8 || verify_16(b + 4) > room)
			return "UDP length";
		room = verify_16(b + 4);
		if (verify_16(b + 6) == 0)
			return address_len == 4 ? NULL : "UDP checksum 0 in IPv6";
	} else if (protocol == 1 && address_len == 4) {
		return verify_sum(0, b, room) == 0xffff ? NULL : "ICMP checksum";
	} else if (protocol != 6 && !(protocol == 58 && address_len == 16)) {
		return NULL;
	}
	tail[2] = (uint8_t)(room >> 8);
	tail[3] = (uint8_t)room;
	return verify_sum(verify_sum(sum, tail, 4), b, room) == 0xffff ? NULL : "transport checksum";
}

static const char *verify_ip6(const uint8_t *b, size_t len)
{
	const uint8_t *destination = b + 24;
	unsigned protocol = b[6];
	size_t at = 40, end = 40 + verify_16(b + 4);

	if (end > len)
		return "IPv6 payload length";
	for (int count = 0; count < 16; count++) {
		const uint8_t *h = b + at;
		size_t header_len;

		if (protocol != 0 && protocol != 43 && protocol != 44 && protocol != 51 && protocol != 60)
			break;
		if (end - at < 8)
			return "IPv6 extension header";
		header_len = protocol == 44 ? 8 : protocol == 51 ? (h[1] + 2u) * 4 : (h[1] + 1u) * 8;
		if (header_len > end - at)
			return "IPv6 extension header length";
		if (protocol == 44 && (verify_16(h + 2) & 0xfff9))
			return NULL; /* a fragment's checksum is its first's, over all of them */
		if (protocol == 43 && h[3] > 0 && destination == b + 24) {
			if (h[2] == 4)
				destination = h + 8;
			else
				destination = h + header_len - 16;
		}
		protocol = h[0];
		at += header_len;
	}
	return verify_transport(b + 8, destination, 16, protocol, b + at, end - at);
}

/* NULL when all is right, else what is not. */
static const char *verify_packet(const uint8_t *b, size_t len)
{
	size_t header_len;

	if (len >= 40 && b[0] / 16 == 6)
		return verify_ip6(b, len);
	if (len < 20 || b[0] / 16 != 4)
		return "IP version";
	header_len = b[0] % 16 * 4u;
	if (header_len < 20 || header_len > verify_16(b + 2) || verify_16(b + 2) > len)
		return "IPv4 lengths";
	if (verify_sum(0, b, header_len) != 0xffff)
		return "IPv4 header checksum";
	if (verify_16(b + 6) & 0x3fff)
		return NULL;
	return verify_transport(b + 12, b + 16, 4, b[9], b + header_len, verify_16(b + 2) - header_len);
}

#endif
