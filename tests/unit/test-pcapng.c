/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files are read back by libpcap in tests/netns/handlers.sh; here the bytes are looked at. */
#include "daemon/packet/pcapng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t word(const uint8_t *bytes, size_t at)
{
	uint32_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static const uint8_t bytes[PCAPNG_PACKET_MAX + 1] = { 0x45, 1, 2, 3, 4 };

static struct pcapng_packet packet_of(uint32_t len)
{
	return (struct pcapng_packet){ .data = bytes, .captured_len = len, .original_len = 1500,
				       .time_ns = 0x0102030405060708u, .comment = "why", .writer = "test" };
}

/* Each block has its length at both ends; the last one ends where the file does. */
static void blocks_fit_together(void **state)
{
	static const uint32_t types[] = { 0x0a0d0d0a, 1, 6 };

	(void)state;
	for (uint32_t len = 0; len < 9; len++) {
		struct pcapng_packet packet = packet_of(len);
		size_t size = pcapng_size(&packet), at = 0, used;
		uint8_t *file = malloc(size);

		used = pcapng_write(file, size, &packet);
		assert_true(used > 0 && used <= size);
		for (size_t i = 0; i < 3; i++) {
			uint32_t block = word(file, at + 4);

			assert_int_equal(word(file, at), types[i]);
			assert_int_equal(block % 4, 0);
			assert_int_equal(word(file, at + block - 4), block);
			at += block;
		}
		assert_int_equal(at, used);
		free(file);
	}
}

static void packet_and_comment(void **state)
{
	struct pcapng_packet packet = packet_of(5);
	uint8_t file[4096], *block;
	size_t at = 0;

	(void)state;
	assert_true(pcapng_write(file, sizeof(file), &packet) > 0);
	at += word(file, at + 4);
	at += word(file, at + 4);
	block = file + at;
	assert_int_equal(word(block, 12), 0x01020304);
	assert_int_equal(word(block, 16), 0x05060708);
	assert_int_equal(word(block, 20), 5);
	assert_int_equal(word(block, 24), 1500);
	assert_memory_equal(block + 28, bytes, 5);
	assert_memory_equal(block + 36, "\1\0\3\0why\0", 8);
}

static void too_little_room(void **state)
{
	struct pcapng_packet packet = packet_of(5);
	uint8_t file[4096];

	(void)state;
	assert_int_equal(pcapng_write(file, pcapng_size(&packet) - 1, &packet), 0);
	packet.captured_len = PCAPNG_PACKET_MAX + 1;
	assert_int_equal(pcapng_write(file, SIZE_MAX, &packet), 0);
}

static void the_longest(void **state)
{
	struct pcapng_packet packet = packet_of(PCAPNG_PACKET_MAX);
	char comment[5000];
	uint8_t *file;
	size_t size = pcapng_size(&packet), used;

	(void)state;
	memset(comment, 'c', sizeof(comment) - 1);
	comment[sizeof(comment) - 1] = '\0';
	packet.comment = packet.writer = comment;
	file = malloc(size);
	used = pcapng_write(file, size, &packet);
	assert_true(used > PCAPNG_PACKET_MAX + PCAPNG_COMMENT_MAX && used <= size);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_fit_together),
		cmocka_unit_test(packet_and_comment),
		cmocka_unit_test(too_little_room),
		cmocka_unit_test(the_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
