/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum (RFC 1071) over headers and pseudo headers. Pure. */
#ifndef PACKET_CHECKSUM_H
#define PACKET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Adds bytes to a running sum; an odd length only at the end. */
uint64_t checksum_add(uint64_t sum, const void *bytes, size_t len);

/* Folds a sum and complements it: the value for the header, in host byte order of its big-endian field. */
uint16_t checksum_finish(uint64_t sum);

/*
 * Of a transport header and payload with the pseudo header of IPv4 (address_len 4) or IPv6 (16). The checksum field itself
 * counts as it is.
 */
uint16_t checksum_transport(const uint8_t *source, const uint8_t *destination, uint8_t address_len, uint8_t protocol,
			    const uint8_t *bytes, size_t len);

#endif
