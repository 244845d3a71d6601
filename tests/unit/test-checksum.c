/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/packet/checksum.h"
#include "tests/unit/packets.h"
#include "tests/unit/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* The example of RFC 1071, section 3: the sum is ddf2. */
static void test_rfc_example(void **state)
{
	const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	(void)state;
	assert_int_equal(checksum_finish(checksum_add(0, bytes, sizeof(bytes))), 0xffff & ~0xddf2);
	assert_int_equal(checksum_finish(0), 0xffff);
}

/* The test's own means, held against checksums that the kernel made. */
static void test_verify_agrees_with_the_kernel(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		uint8_t *copy = malloc(samples[i].len);

		assert_null(verify_packet(samples[i].bytes, samples[i].len));
		memcpy(copy, samples[i].bytes, samples[i].len);
		copy[8] ^= 1; /* TTL, or a bit of the source address */
		if (strncmp(samples[i].name, "fragment", 8) != 0)
			assert_non_null(verify_packet(copy, samples[i].len));
		free(copy);
	}
}

/* Each length and each alignment, in blocks of their exact size. */
static void test_each_length(void **state)
{
	(void)state;
	srand(1);
	for (size_t len = 0; len < 300; len++) {
		for (size_t shift = 0; shift < 8; shift++) {
			uint8_t *block = malloc(len + shift + 1);

			for (size_t i = 0; i < len + shift; i++)
				block[i] = len % 3 ? (uint8_t)rand() : 0xff;
			assert_int_equal(checksum_finish(checksum_add(0, block + shift, len)),
					 0xffff & ~verify_sum(0, block + shift, len));
			free(block);
		}
	}
}

/* 64 KiB of the largest words, in one call and in many: no carry gets lost. */
static void test_long(void **state)
{
	size_t len = 65535;
	uint8_t *block = malloc(len);
	uint64_t sum = 0;

	(void)state;
	memset(block, 0xff, len);
	assert_int_equal(checksum_finish(checksum_add(0, block, len)), 0xffff & ~verify_sum(0, block, len));
	block[1234] = 0x5a;
	assert_int_equal(checksum_finish(checksum_add(UINT64_MAX, block, len)), 0xffff & ~verify_sum(0, block, len));
	for (size_t i = 0; i + 6 <= len; i += 6)
		sum = checksum_add(sum, block + i, 6);
	sum = checksum_add(sum, block + len / 6 * 6, len % 6);
	assert_int_equal(checksum_finish(sum), 0xffff & ~verify_sum(0, block, len));
	free(block);
}

static void test_captured_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		if (samples[i].bytes[0] >> 4 == 4)
			assert_int_equal(checksum_finish(checksum_add(0, samples[i].bytes, (samples[i].bytes[0] & 15) * 4u)),
					 0);
	}
}

/* A right checksum field, counted as it is, leaves 0; set to 0 first, it gives the field's value. */
static void test_captured_transports(void **state)
{
	const struct {
		const uint8_t *bytes;
		size_t len, at, field;
		uint8_t address_len, protocol;
	} cases[] = {
		{ packet_dns4, sizeof(packet_dns4), 20, 6, 4, 17 },    { packet_http4, sizeof(packet_http4), 20, 16, 4, 6 },
		{ packet_dns6, sizeof(packet_dns6), 40, 6, 16, 17 },   { packet_http6, sizeof(packet_http6), 40, 16, 16, 6 },
		{ packet_ping6, sizeof(packet_ping6), 40, 2, 16, 58 }, { packet_syn6, sizeof(packet_syn6), 40, 16, 16, 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t copy[256];
		const uint8_t *source = copy + (cases[i].address_len == 4 ? 12 : 8),
			      *destination = source + cases[i].address_len;
		uint8_t *field = copy + cases[i].at + cases[i].field;
		unsigned value = verify_16(cases[i].bytes + cases[i].at + cases[i].field);

		memcpy(copy, cases[i].bytes, cases[i].len);
		assert_int_equal(checksum_transport(source, destination, cases[i].address_len, cases[i].protocol,
						    copy + cases[i].at, cases[i].len - cases[i].at),
				 0);
		field[0] = field[1] = 0;
		assert_int_equal(checksum_transport(source, destination, cases[i].address_len, cases[i].protocol,
						    copy + cases[i].at, cases[i].len - cases[i].at),
				 value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_example),      cmocka_unit_test(test_verify_agrees_with_the_kernel),
		cmocka_unit_test(test_each_length),      cmocka_unit_test(test_long),
		cmocka_unit_test(test_captured_headers), cmocka_unit_test(test_captured_transports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
