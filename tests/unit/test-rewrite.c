/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/rewrite-bench.h"

/* ---- Splice ---- */

static void test_splice_bounds(void **state)
{
	static const char big[70000];

	(void)state;
	ARRIVE(dns4);
	assert_int_equal(nfv_splice(&f.p, 58, 0, "x", 1), -ERANGE);
	assert_int_equal(nfv_splice(&f.p, 57, 1, NULL, 0), -ERANGE);
	assert_int_equal(nfv_splice(&f.p, 10, UINT32_MAX, NULL, 0), -ERANGE);
	assert_int_equal(nfv_splice(&f.p, UINT32_MAX, 1, NULL, 0), -ERANGE);
	assert_int_equal(nfv_splice(&f.p, 57, 0, big, ROOM - 57 + 1), -EMSGSIZE);
	assert_int_equal(nfv_splice(&f.p, 57, 0, big, UINT32_MAX), -EMSGSIZE);
	assert_int_equal(nfv_splice(&f.p, 57, 0, NULL, 3), -EINVAL);
	f.p.capacity = 30;
	assert_int_equal(nfv_splice(&f.p, 0, 1, "x", 1), -EMSGSIZE);
	f.p.capacity = 1 << 20;
	assert_int_equal(nfv_splice(&f.p, 57, 0, big, REWRITE_MAX_LEN - 57 + 1), -EMSGSIZE);
	assert_int_equal(f.p.edits, 0);
	assert_int_equal(f.p.captured_len, sizeof(packet_dns4));
	assert_memory_equal(f.data, packet_dns4, sizeof(packet_dns4));
	f.p.capacity = ROOM;
	splice(57, 0, big, ROOM - 57);
	assert_int_equal(f.p.captured_len, ROOM);

	ARRIVE(dns4);
	f.p.original_len++;
	assert_int_equal(nfv_splice(&f.p, 30, 1, "x", 1), -ENODATA);
	f.p = (struct nfv_packet){ .ops = &ops };
	assert_int_equal(nfv_splice(&f.p, 0, 0, "x", 1), -ENODATA);
}

/* Against a plain model: which bytes are there, and that every changed byte is inside the range of edits, moved or not. */
static void test_splice_model(void **state)
{
	(void)state;
	srand(7);
	for (int round = 0; round < 2000; round++) {
		uint8_t model[ROOM], dirty[ROOM] = { 0 };
		size_t len = 64;

		ARRIVE(http4);
		f.p.data[0] = 0; /* no IP: the lengths follow nothing */
		f.p.captured_len = f.p.original_len = (uint32_t)len;
		memcpy(model, f.p.data, len);
		for (int step = 0; step < 5; step++) {
			size_t offset = (size_t)rand() % (len + 1), removed = (size_t)rand() % (len - offset + 1);
			size_t added = (size_t)rand() % 12;
			char bytes[12];

			memset(bytes, 0x90 + step, sizeof(bytes)); /* of no IP version */
			splice((uint32_t)offset, (uint32_t)removed, bytes, (uint32_t)added);
			memmove(model + offset + added, model + offset + removed, len - offset - removed);
			memmove(dirty + offset + added, dirty + offset + removed, len - offset - removed);
			memcpy(model + offset, bytes, added);
			memset(dirty + offset, 1, added);
			len = len - removed + added;
		}
		assert_int_equal(f.p.captured_len, len);
		assert_int_equal(f.p.edits, 5);
		assert_memory_equal(f.p.data, model, len);
		assert_true(f.p.edit_begin <= f.p.edit_end && f.p.edit_end <= len);
		for (size_t i = 0; i < len; i++)
			assert_true(!dirty[i] || (i >= f.p.edit_begin && i < f.p.edit_end));
	}
}

/* ---- Finish ---- */

static void test_no_edit_no_change(void **state)
{
	(void)state;
	ARRIVE(dns4);
	f.p.data[50] ^= 1; /* corrupt, and nobody's edit */
	assert_int_equal(rewrite_finish(&f.p, f.arrived_len, &f.why), 0);
	f.p.data[50] ^= 1;
	assert_memory_equal(f.p.data, packet_dns4, sizeof(packet_dns4));
}

/* Every byte of every transport changed in place: right checksums, and back again the kernel's own. */
static void test_edit_each_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		size_t begin = transport_of(&samples[i]);

		if (strncmp(samples[i].name, "fragment", 8) == 0)
			continue;
		for (size_t at = begin; at < samples[i].len; at++) {
			uint8_t old = samples[i].bytes[at];
			bool tcp_len = samples[i].bytes[0] >> 4 == 4 ? samples[i].bytes[9] == 6 && at == begin + 12
								     : samples[i].bytes[6] == 6 && at == begin + 12;

			if (tcp_len || (samples[i].bytes == packet_dns4_no_checksum && (at == 26 || at == 27)))
				continue; /* a length; a checksum field that is not remade once it is 0 */
			arrive(samples[i].bytes, samples[i].len);
			edit((uint32_t)at, "\x9b", 1);
			finish_right();
			*nfv_edit(&f.p, (uint32_t)at, 1) = old;
			finish_right();
			assert_memory_equal(f.p.data, samples[i].bytes, samples[i].len);
		}
	}
}

static void test_ttl_and_dscp(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		bool ip4 = samples[i].bytes[0] >> 4 == 4;
		size_t transport = ip4 ? 20 : 40;

		arrive(samples[i].bytes, samples[i].len);
		f.p.data[samples[i].len - 1] ^= 1; /* arrived corrupt */
		edit(ip4 ? 8 : 7, "\x05", 1);
		if (ip4)
			edit(1, "\xb8", 1);
		else
			edit(0, "\x6b\x80", 2);
		assert_int_equal(rewrite_finish(&f.p, f.arrived_len, &f.why), 0);
		f.p.data[samples[i].len - 1] ^= 1;
		assert_null(verify_packet(f.p.data, f.p.captured_len));
		assert_memory_equal(f.p.data + transport, samples[i].bytes + transport, samples[i].len - transport);
	}
}

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		arrive(samples[i].bytes, samples[i].len);
		edit(samples[i].bytes[0] >> 4 == 4 ? 15 : 23, "\x77", 1); /* the last byte of the source */
		if (strncmp(samples[i].name, "fragment", 8) == 0)
			continue;
		finish_right();
	}
	ARRIVE(dns6_routing);
	edit(39, "\x05", 1); /* the next hop: not in the pseudo header */
	finish_right();
	assert_memory_equal(f.p.data + 80, packet_dns6_routing + 80, sizeof(packet_dns6_routing) - 80);
	edit(63, "\x05", 1); /* the final destination: in it */
	finish_right();
	assert_memory_not_equal(f.p.data + 80, packet_dns6_routing + 80, sizeof(packet_dns6_routing) - 80);
}

static const struct udp_sample {
	const uint8_t *bytes;
	size_t len, payload;
} udp_samples[] = {
	{ packet_dns4, sizeof(packet_dns4), 28 },
	{ packet_dns4_no_checksum, sizeof(packet_dns4_no_checksum), 28 },
	{ packet_dns6, sizeof(packet_dns6), 48 },
	{ packet_dns6_options, sizeof(packet_dns6_options), 64 },
	{ packet_dns6_routing, sizeof(packet_dns6_routing), 88 },
};

#define UDP_SAMPLES (sizeof(udp_samples) / sizeof(udp_samples[0]))

/* Another length at each place of the payload, with and without link padding; the next handler's view is right at once. */
static void test_udp_lengths(void **state)
{
	(void)state;
	for (size_t i = 0; i < UDP_SAMPLES; i++) {
		const struct udp_sample *s = &udp_samples[i];

		for (size_t at = s->payload; at <= s->len; at++) {
			for (uint32_t removed = 0; removed <= s->len - at && removed < 6; removed++) {
				for (uint32_t padding = 0; padding < 8; padding += 7) {
					struct nfv_ip ip;
					struct nfv_udp udp;

					arrive(s->bytes, s->len);
					f.p.captured_len += padding;
					f.p.original_len = f.arrived_len = f.p.captured_len;
					splice((uint32_t)at, removed, "abc", 3);
					assert_true(nfv_view_ip(&f.p, &ip) && nfv_view_udp(&f.p, &ip, &udp));
					assert_int_equal(udp.payload_len, s->len - s->payload - removed + 3);
					finish_right();
					assert_int_equal(f.p.captured_len, s->len + padding - removed + 3);
					assert_true(nfv_view_ip(&f.p, &ip) && nfv_view_udp(&f.p, &ip, &udp));
					assert_int_equal(udp.payload_len, s->len - s->payload - removed + 3);
					assert_memory_equal(f.p.data + at, "abc", 3);
				}
			}
		}
	}
}

static void test_udp_several(void **state)
{
	(void)state;
	ARRIVE(dns4);
	edit(8, "\x09", 1);
	edit(1, "\x04", 1);
	splice(57, 0, "tail", 4);
	splice(28, 10, NULL, 0);
	splice(30, 2, "0123456789", 10);
	edit(26, "\x11\x22", 2); /* the checksum itself */
	finish_right();
	assert_int_equal(f.p.captured_len, 59);
	assert_int_equal(verify_16(f.p.data + 2), 59);
	assert_int_equal(verify_16(f.p.data + 24), 39);
	assert_int_equal(f.p.data[8], 9);

	ARRIVE(dns6);
	splice(48, 29, NULL, 0); /* nothing is left */
	finish_right();
	assert_int_equal(verify_16(f.p.data + 44), 8);
}

/* A handler that sets the lengths itself, before or after the splice, is not corrected a second time. */
static void test_udp_lengths_set_by_handler(void **state)
{
	(void)state;
	ARRIVE(dns4);
	edit(2, "\x00\x35", 2);
	edit(24, "\x00\x21", 2);
	splice(40, 4, NULL, 0);
	finish_right();
	assert_int_equal(verify_16(f.p.data + 2), 53);
	assert_int_equal(verify_16(f.p.data + 24), 33);

	ARRIVE(dns4);
	splice(40, 4, NULL, 0);
	edit(2, "\x00\x35", 2);
	edit(24, "\x00\x21", 2);
	finish_right();
	assert_int_equal(verify_16(f.p.data + 2), 53);
	assert_int_equal(verify_16(f.p.data + 24), 33);
}

/* Bytes that UDP does not count, inside the IP payload, stay outside the datagram. */
static void test_udp_surplus(void **state)
{
	(void)state;
	ARRIVE(dns4_no_checksum);
	f.p.data[25] = 30;
	splice(30, 1, "xyz", 3);
	finish_right();
	assert_int_equal(verify_16(f.p.data + 24), 32);
	assert_int_equal(verify_16(f.p.data + 2), 59);
	splice(55, 1, NULL, 0);
	finish_right();
	assert_int_equal(verify_16(f.p.data + 24), 32);
	assert_int_equal(verify_16(f.p.data + 2), 58);
}

static void test_udp_checksum_zero(void **state)
{
	(void)state;
	ARRIVE(dns4_no_checksum);
	edit(40, "?", 1);
	finish_right();
	assert_int_equal(verify_16(f.p.data + 26), 0);

	ARRIVE(dns6);
	edit(46, "\0\0", 2);
	finish_right();
	assert_memory_equal(f.p.data, packet_dns6, sizeof(packet_dns6));

	ARRIVE(dns4);
	memcpy(f.p.data + 26, "\x12\x34", 2); /* a device was to fill it in */
	f.p.flags = NFV_CHECKSUM_NOT_READY;
	edit(8, "\x40", 1);
	finish_right();
	assert_memory_equal(f.p.data, packet_dns4, sizeof(packet_dns4));
	assert_int_equal(f.p.flags, 0);

	ARRIVE(dns4_no_checksum);
	f.p.flags = NFV_CHECKSUM_NOT_READY;
	edit(40, "?", 1);
	finish_right();
	assert_int_not_equal(verify_16(f.p.data + 26), 0);
}

/* Some payload gives the sum 0: that must leave as 0xffff, since 0 would say that there is none. */
static void test_udp_computed_zero(void **state)
{
	uint8_t rest[2];
	unsigned sum;

	(void)state;
	ARRIVE(dns4);
	sum = verify_16(f.p.data + 26) + verify_16(f.p.data + 28);
	sum = sum > 0xffff ? sum - 0xffff : sum;
	rest[0] = (uint8_t)(sum >> 8);
	rest[1] = (uint8_t)sum;
	edit(28, (char *)rest, 2);
	finish_right();
	assert_int_equal(verify_16(f.p.data + 26), 0xffff);
}

static void test_tcp_lengths(void **state)
{
	(void)state;
	ARRIVE(http4);
	splice(52, 3, "POST", 4);
	finish_refused("TCP");
	ARRIVE(http6);
	splice(72, 3, NULL, 0);
	finish_refused("TCP");
	ARRIVE(http4);
	splice(52, 3, "POST", 4);
	splice(60, 1, NULL, 0);
	finish_right();
	assert_int_equal(verify_16(f.p.data + 2), sizeof(packet_http4));
	ARRIVE(http6);
	splice(72, 3, "PUT", 3);
	finish_right();
	ARRIVE(syn4);
	edit(32, "\x40", 1);
	finish_refused("lengths");
	ARRIVE(syn4);
	edit(32, "\xb0", 1);
	finish_refused("lengths");
}

static void test_fragments(void **state)
{
	static const struct sample *const fragments[] = { &samples[7], &samples[8] };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct sample *s = fragments[i];

		assert_memory_equal(s->name, "fragment4", 9);
		arrive(s->bytes, s->len);
		edit(20, "\x00", 1);
		finish_refused("fragment");
		arrive(s->bytes, s->len);
		edit(12, "\x0a", 1);
		finish_refused("fragment");
		arrive(s->bytes, s->len);
		splice((uint32_t)s->len, 0, "x", 1);
		finish_refused("fragment");
		arrive(s->bytes, s->len);
		edit(8, "\x07", 1);
		finish_right();
	}
}

static void test_replace(void **state)
{
	uint8_t bytes[sizeof(packet_dns4_answer) + 4];

	(void)state;
	ARRIVE(dns4);
	assert_int_equal(nfv_replace(&f.p, packet_dns4_answer, sizeof(packet_dns4_answer)), 0);
	finish_right();
	assert_memory_equal(f.p.data, packet_dns4_answer, sizeof(packet_dns4_answer));

	/* Lengths and checksums left to the daemon. */
	memcpy(bytes, packet_dns4_answer, sizeof(packet_dns4_answer));
	memset(bytes + 2, 0, 2);
	memset(bytes + 10, 0, 2);
	memset(bytes + 24, 0, 2);
	bytes[26] = 1;
	ARRIVE(dns4);
	assert_int_equal(nfv_replace(&f.p, bytes, sizeof(packet_dns4_answer)), 0);
	finish_right();
	assert_memory_equal(f.p.data, packet_dns4_answer, sizeof(packet_dns4_answer));

	ARRIVE(dns4);
	assert_int_equal(nfv_replace(&f.p, packet_dns6, sizeof(packet_dns6)), 0);
	finish_refused("version");
	ARRIVE(dns4);
	assert_int_equal(nfv_replace(&f.p, "Packet", 6), 0);
	finish_refused("no IP packet");
	ARRIVE(dns4);
	assert_int_equal(nfv_replace(&f.p, NULL, 0), 0);
	finish_refused("no IP packet");
	for (uint32_t n = 1; n < 28; n++) {
		ARRIVE(dns4);
		assert_int_equal(nfv_replace(&f.p, packet_dns4, n), 0);
		finish_refused("lengths");
	}
	for (uint32_t n = 1; n < 48; n++) {
		ARRIVE(dns6);
		assert_int_equal(nfv_replace(&f.p, packet_dns6, n), 0);
		finish_refused("lengths");
	}
	ARRIVE(dns6);
	assert_int_equal(nfv_replace(&f.p, packet_dns6, 60), 0);
	finish_right();
	assert_int_equal(verify_16(f.p.data + 4), 20);
}

static void test_header_growth(void **state)
{
	(void)state;
	ARRIVE(ping4);
	edit(0, "\x46", 1);
	splice(20, 0, "\x01\x01\x01\x00", 4);
	finish_right();
	assert_int_equal(verify_16(f.p.data + 2), sizeof(packet_ping4) + 4);
	assert_memory_equal(f.p.data + 24, packet_ping4 + 20, sizeof(packet_ping4) - 20);

	ARRIVE(dns6);
	edit(6, "\x3c", 1);
	splice(40, 0, "\x11\x00\x01\x04\x00\x00\x00\x00", 8);
	finish_right();
	assert_int_equal(verify_16(f.p.data + 4), sizeof(packet_dns6) - 40 + 8);
	assert_memory_equal(f.p.data + 48, packet_dns6 + 40, sizeof(packet_dns6) - 40);

	/* Only bytes of the header are cut, but what was transport is header now. */
	ARRIVE(ping4_record_route);
	splice(56, 4, NULL, 0);
	finish_right();

	ARRIVE(ping4);
	edit(0, "\x44", 1);
	finish_refused("lengths");
	ARRIVE(dns6_options);
	edit(41, "\x20", 1);
	finish_refused("lengths");
	ARRIVE(dns6_routing);
	edit(42, "\x09\x01", 2); /* a routing type that nobody knows, one segment left */
	finish_refused("routing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splice_bounds),
		cmocka_unit_test(test_splice_model),
		cmocka_unit_test(test_no_edit_no_change),
		cmocka_unit_test(test_edit_each_byte),
		cmocka_unit_test(test_ttl_and_dscp),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_udp_lengths),
		cmocka_unit_test(test_udp_several),
		cmocka_unit_test(test_udp_lengths_set_by_handler),
		cmocka_unit_test(test_udp_surplus),
		cmocka_unit_test(test_udp_checksum_zero),
		cmocka_unit_test(test_udp_computed_zero),
		cmocka_unit_test(test_tcp_lengths),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_header_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
