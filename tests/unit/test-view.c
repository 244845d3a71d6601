/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/packets.h"

#include <nfverdict/packet.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* A packet in a block of its exact size, so that the sanitizer sees a read beyond it. */
static struct nfv_packet packet_of(const uint8_t *bytes, size_t captured_len, size_t original_len)
{
	struct nfv_packet p = { .size = sizeof(p),
				.captured_len = (uint32_t)captured_len,
				.original_len = (uint32_t)original_len };

	p.data = malloc(captured_len ? captured_len : 1);
	memcpy(p.data, bytes, captured_len);
	return p;
}

static const struct expected {
	const char *name;
	uint8_t version, protocol, hop_limit;
	uint32_t transport_offset;
	bool has_transport, fragment;
	uint16_t source_port, destination_port; /* or type and code */
	uint32_t payload_len;
} expected[] = {
	{ "dns4", 4, 17, 64, 20, true, false, 0, 53, 29 },
	{ "dns4_answer", 4, 17, 64, 20, true, false, 53, 0, 45 },
	{ "dns4_no_checksum", 4, 17, 64, 20, true, false, 0, 53, 29 },
	{ "syn4", 4, 6, 64, 20, true, false, 0, 80, 0 },
	{ "http4", 4, 6, 64, 20, true, false, 0, 80, 37 },
	{ "ping4", 4, 1, 64, 20, true, false, 8, 0, 37 },
	{ "ping4_record_route", 4, 1, 64, 60, true, false, 8, 0, 8 },
	{ "fragment4_first", 4, 1, 64, 20, true, true, 8, 0, 72 },
	{ "fragment4_last", 4, 1, 64, 20, false, true, 0, 0, 0 },
	{ "dns6", 6, 17, 64, 40, true, false, 0, 53, 29 },
	{ "syn6", 6, 6, 64, 40, true, false, 0, 80, 0 },
	{ "http6", 6, 6, 64, 40, true, false, 0, 80, 37 },
	{ "ping6", 6, 58, 64, 40, true, false, 128, 0, 37 },
	{ "mld6", 6, 58, 1, 48, true, false, 143, 0, 40 },
	{ "dns6_options", 6, 17, 64, 56, true, false, 0, 53, 29 },
	{ "dns6_routing", 6, 17, 64, 80, true, false, 0, 53, 29 },
};

static void check_transport(const struct nfv_packet *p, const struct nfv_ip *ip, const struct expected *e)
{
	struct nfv_tcp tcp;
	struct nfv_udp udp;
	struct nfv_icmp icmp;

	assert_int_equal(nfv_view_tcp(p, ip, &tcp), e->protocol == 6 && e->has_transport);
	assert_int_equal(nfv_view_udp(p, ip, &udp), e->protocol == 17 && e->has_transport);
	assert_int_equal(nfv_view_icmp(p, ip, &icmp), e->protocol != 6 && e->protocol != 17 && e->has_transport);
	if (!e->has_transport)
		return;
	if (e->protocol == 6) {
		assert_int_equal(tcp.destination_port, e->destination_port);
		assert_int_equal(tcp.payload_len, e->payload_len);
		assert_int_equal(tcp.payload_offset + tcp.payload_len, p->captured_len);
		assert_int_equal(tcp.options_len, e->payload_len ? 12 : 20);
		assert_int_equal(tcp.flags, e->payload_len ? NFV_TCP_PSH | NFV_TCP_ACK : NFV_TCP_SYN);
	} else if (e->protocol == 17) {
		assert_int_equal(e->source_port ? udp.source_port : udp.destination_port, 53);
		assert_int_equal(udp.length, e->payload_len + 8);
		assert_int_equal(udp.payload_len, e->payload_len);
		assert_memory_equal(p->data + udp.payload_offset, "\x1a\x2b", 2);
	} else {
		assert_int_equal(icmp.type, e->source_port);
		assert_int_equal(icmp.payload_len, e->payload_len);
		assert_int_equal(icmp.sequence, icmp.type == 143 ? 0 : 1);
		assert_int_equal(icmp.id != 0, icmp.type != 143);
	}
}

static void test_samples(void **state)
{
	(void)state;
	assert_int_equal(SAMPLES, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < SAMPLES; i++) {
		const struct expected *e = &expected[i];
		struct nfv_packet p = packet_of(samples[i].bytes, samples[i].len, samples[i].len);
		struct nfv_ip ip;

		assert_string_equal(samples[i].name, e->name);
		assert_true(nfv_view_ip(&p, &ip));
		assert_int_equal(ip.version, e->version);
		assert_int_equal(ip.protocol, e->protocol);
		assert_int_equal(ip.hop_limit, e->hop_limit);
		assert_int_equal(ip.total_len, samples[i].len);
		assert_int_equal(ip.transport_offset, e->transport_offset);
		assert_int_equal(ip.has_transport, e->has_transport);
		assert_int_equal(ip.fragment, e->fragment);
		assert_ptr_equal(ip.source, p.data + (e->version == 4 ? 12 : 8));
		assert_ptr_equal(ip.destination, ip.source + ip.address_len);
		check_transport(&p, &ip, e);
		free(p.data);
	}
}

/* The kernel copied only so much: what is seen agrees with the whole packet, the rest is missing, not guessed. */
static void test_each_capture(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		const struct expected *e = &expected[i];

		for (size_t n = 0; n <= samples[i].len; n++) {
			struct nfv_packet p = packet_of(samples[i].bytes, n, samples[i].len);
			struct nfv_ip ip;
			struct nfv_tcp tcp;
			struct nfv_udp udp;
			struct nfv_icmp icmp;
			bool seen = nfv_view_ip(&p, &ip);

			assert_int_equal(seen, n >= (e->version == 4 ? 20 : 40));
			if (seen) {
				bool walked = e->version == 4 || n >= e->transport_offset;

				assert_int_equal(ip.total_len, samples[i].len);
				assert_int_equal(ip.has_transport, e->has_transport && walked);
				assert_int_equal(ip.protocol == e->protocol, walked);
			}
			assert_int_equal(nfv_view_tcp(&p, &ip, &tcp), e->protocol == 6 && n >= e->transport_offset + 20);
			assert_true(tcp.payload_len == 0 || tcp.payload_offset + tcp.payload_len == n);
			assert_true(tcp.options_len == 0 || tcp.options + tcp.options_len <= p.data + n);
			assert_int_equal(nfv_view_udp(&p, &ip, &udp), e->protocol == 17 && n >= e->transport_offset + 8);
			assert_true(udp.payload_len == 0 || udp.payload_offset + udp.payload_len == n);
			assert_int_equal(nfv_view_icmp(&p, &ip, &icmp), e->has_transport && e->protocol != 6 &&
										e->protocol != 17 &&
										n >= e->transport_offset + 8);
			assert_true(icmp.payload_len == 0 || icmp.payload_offset + icmp.payload_len == n);
			free(p.data);
		}
	}
}

/* The packet itself is that short: its header promises more than there is. */
static void test_each_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		for (size_t n = 0; n < samples[i].len; n++) {
			struct nfv_packet p = packet_of(samples[i].bytes, n, n);
			struct nfv_ip ip;

			assert_false(nfv_view_ip(&p, &ip));
			assert_false(ip.has_transport);
			free(p.data);
		}
	}
}

static void test_padding(void **state)
{
	(void)state;
	for (size_t i = 0; i < SAMPLES; i++) {
		uint8_t padded[512] = { 0 };
		struct nfv_packet p;
		struct nfv_ip ip;
		struct nfv_tcp tcp;
		struct nfv_udp udp;
		struct nfv_icmp icmp;

		memcpy(padded, samples[i].bytes, samples[i].len);
		p = packet_of(padded, samples[i].len + 7, samples[i].len + 7);
		assert_true(nfv_view_ip(&p, &ip));
		assert_int_equal(ip.total_len, samples[i].len);
		if (nfv_view_tcp(&p, &ip, &tcp))
			assert_int_equal(tcp.payload_len, expected[i].payload_len);
		if (nfv_view_udp(&p, &ip, &udp))
			assert_int_equal(udp.payload_len, expected[i].payload_len);
		if (nfv_view_icmp(&p, &ip, &icmp))
			assert_int_equal(icmp.payload_len, expected[i].payload_len);
		free(p.data);
	}
}

/* One change to a sample: offset and 16-bit value. */
static bool view_changed(const uint8_t *bytes, size_t len, size_t at, unsigned value, uint8_t flags, struct nfv_ip *ip)
{
	struct nfv_packet p = packet_of(bytes, len, len);
	struct nfv_tcp tcp;
	struct nfv_udp udp;
	bool ok;

	p.data[at] = (uint8_t)(value >> 8);
	p.data[at + 1] = (uint8_t)value;
	p.flags = flags;
	ok = nfv_view_ip(&p, ip);
	if (ok && ip->protocol == 6)
		ok = nfv_view_tcp(&p, ip, &tcp);
	else if (ok && ip->protocol == 17)
		ok = nfv_view_udp(&p, ip, &udp);
	ip->source = ip->destination = NULL;
	free(p.data);
	return ok;
}

static void test_lying_ip4(void **state)
{
	const size_t len = sizeof(packet_dns4);
	struct nfv_ip ip;

	(void)state;
	for (unsigned ihl = 0; ihl < 5; ihl++)
		assert_false(view_changed(packet_dns4, len, 0, 0x4000 | ihl << 8, 0, &ip));
	assert_false(view_changed(packet_dns4, len, 0, 0x4f00, 0, &ip)); /* 60 > 57 */
	assert_false(view_changed(packet_dns4, len, 0, 0x5500, 0, &ip));
	assert_false(view_changed(packet_dns4, len, 0, 0x0500, 0, &ip));
	for (unsigned total = 0; total < 28; total++)
		assert_false(view_changed(packet_dns4, len, 2, total, 0, &ip));
	assert_false(view_changed(packet_dns4, len, 2, 58, 0, &ip));
	assert_false(view_changed(packet_dns4, len, 2, 0xffff, 0, &ip));
	assert_true(view_changed(packet_dns4, len, 2, 0, NFV_GSO, &ip));
	assert_int_equal(ip.total_len, len);
	assert_true(view_changed(packet_dns4, len, 6, 0x3fff, 0, &ip) == false && ip.fragment && !ip.has_transport);
	assert_int_equal(ip.fragment_offset, 65528);
}

static void test_lying_transport(void **state)
{
	struct nfv_ip ip;

	(void)state;
	for (unsigned len = 0; len < 8; len++)
		assert_false(view_changed(packet_dns4, sizeof(packet_dns4), 24, len, 0, &ip));
	assert_true(view_changed(packet_dns4, sizeof(packet_dns4), 24, 8, 0, &ip));
	assert_false(view_changed(packet_dns4, sizeof(packet_dns4), 24, 38, 0, &ip));
	assert_true(view_changed(packet_dns4, sizeof(packet_dns4), 24, 0, NFV_GSO, &ip));
	for (unsigned words = 0; words < 16; words++)
		assert_int_equal(view_changed(packet_syn4, sizeof(packet_syn4), 32, words << 12 | 2, 0, &ip),
				 words >= 5 && words <= 10);
}

static void test_lying_ip6(void **state)
{
	const size_t len = sizeof(packet_dns6_options);
	struct nfv_ip ip;

	(void)state;
	assert_true(view_changed(packet_dns6, sizeof(packet_dns6), 4, 0, NFV_GSO, &ip));
	assert_int_equal(ip.total_len, sizeof(packet_dns6));
	assert_false(view_changed(packet_dns6, sizeof(packet_dns6), 4, 0, 0, &ip));
	assert_false(ip.has_transport);
	assert_false(view_changed(packet_dns6, sizeof(packet_dns6), 4, 38, 0, &ip));
	assert_false(view_changed(packet_dns6_options, len, 40, 60 << 8 | 6, 0, &ip)); /* 56 > 53 */
	assert_false(view_changed(packet_dns6_options, len, 40, 60 << 8 | 255, 0, &ip));
	assert_false(view_changed(packet_dns6_options, len, 4, 7, 0, &ip));
	assert_true(view_changed(packet_dns6_options, len, 40, 59 << 8, 0, &ip)); /* no next header */
	assert_int_equal(ip.protocol, 59);
	assert_false(ip.has_transport);
	assert_true(view_changed(packet_dns6_options, len, 40, 50 << 8, 0, &ip)); /* ESP ends the walk */
	assert_true(ip.protocol == 50 && ip.has_transport && ip.transport_offset == 48);
}

/* An IPv6 packet with `count` headers of this protocol before 8 bytes of UDP. */
static struct nfv_packet with_headers(unsigned protocol, unsigned count, const uint8_t header[8])
{
	uint8_t bytes[512] = {
		0x60, 0, 0, (uint8_t)0, (uint8_t)((count * 8 + 8) >> 8), (uint8_t)(count * 8 + 8), (uint8_t)protocol, 9
	};

	for (unsigned i = 0; i < count; i++) {
		memcpy(bytes + 40 + i * 8, header, 8);
		bytes[40 + i * 8] = i + 1 < count ? (uint8_t)protocol : 17;
	}
	bytes[40 + count * 8 + 5] = 8;
	return packet_of(bytes, 48 + count * 8, 48 + count * 8);
}

static void test_header_chains(void **state)
{
	static const uint8_t empty[8], ah[8] = { 0, 0 }, later[8] = { 0, 0, 0, 0x10 }, first[8] = { 0, 0, 0, 1 };
	const struct {
		unsigned protocol, count;
		const uint8_t *header;
		bool has_transport, fragment;
	} cases[] = {
		{ 0, 1, empty, true, false },  { 60, 16, empty, true, false }, { 60, 17, empty, false, false },
		{ 43, 2, empty, true, false }, { 51, 3, ah, true, false },     { 44, 1, empty, true, false },
		{ 44, 1, later, false, true }, { 44, 1, first, true, true },   { 60, 50, empty, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nfv_packet p = with_headers(cases[i].protocol, cases[i].count, cases[i].header);
		struct nfv_ip ip;
		struct nfv_udp udp;

		assert_true(nfv_view_ip(&p, &ip));
		assert_int_equal(ip.has_transport, cases[i].has_transport);
		assert_int_equal(ip.fragment, cases[i].fragment);
		assert_int_equal(ip.fragment_offset, cases[i].header == later ? 16 : 0);
		assert_int_equal(ip.more_fragments, cases[i].header == first);
		assert_int_equal(nfv_view_udp(&p, &ip, &udp), cases[i].has_transport);
		free(p.data);
	}
}

/* AH counts its length in other units than the rest. */
static void test_ah(void **state)
{
	uint8_t bytes[40 + 24 + 37] = { 0 };
	struct nfv_packet p;
	struct nfv_ip ip;
	struct nfv_udp udp;

	(void)state;
	memcpy(bytes, packet_dns6, 40);
	memcpy(bytes + 64, packet_dns6 + 40, 37);
	bytes[5] = 24 + 37;
	bytes[6] = 51;
	bytes[40] = 17;
	bytes[41] = 4;
	p = packet_of(bytes, sizeof(bytes), sizeof(bytes));
	assert_true(nfv_view_ip(&p, &ip));
	assert_int_equal(ip.transport_offset, 64);
	assert_true(nfv_view_udp(&p, &ip, &udp));
	assert_int_equal(udp.destination_port, 53);
	free(p.data);
}

/* What the UDP length does not count is no payload, though IP has room for it. */
static void test_udp_surplus(void **state)
{
	struct nfv_packet p = packet_of(packet_dns4, sizeof(packet_dns4), sizeof(packet_dns4));
	struct nfv_ip ip;
	struct nfv_udp udp;

	(void)state;
	p.data[25] = 20;
	assert_true(nfv_view_ip(&p, &ip) && nfv_view_udp(&p, &ip, &udp));
	assert_int_equal(udp.payload_len, 12);
	free(p.data);
}

/* A super-packet of which the kernel copied headers: its length needs more than 16 bits. */
static void test_jumbo(void **state)
{
	uint8_t bytes[80];
	struct nfv_packet p;
	struct nfv_ip ip;
	struct nfv_tcp tcp;

	(void)state;
	memcpy(bytes, packet_syn6, 80);
	bytes[4] = bytes[5] = 0;
	p = packet_of(bytes, 80, 200000);
	assert_true(nfv_view_ip(&p, &ip));
	assert_int_equal(ip.total_len, 200000);
	assert_true(nfv_view_tcp(&p, &ip, &tcp));
	assert_int_equal(tcp.payload_len, 0);
	free(p.data);
}

static void test_nothing_captured(void **state)
{
	struct nfv_packet p = { .original_len = 100 };
	struct nfv_ip ip;

	(void)state;
	assert_false(nfv_view_ip(&p, &ip));
	p.original_len = 0;
	assert_false(nfv_view_ip(&p, &ip));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),   cmocka_unit_test(test_each_capture),
		cmocka_unit_test(test_each_cut),  cmocka_unit_test(test_padding),
		cmocka_unit_test(test_lying_ip4), cmocka_unit_test(test_lying_transport),
		cmocka_unit_test(test_lying_ip6), cmocka_unit_test(test_header_chains),
		cmocka_unit_test(test_ah),        cmocka_unit_test(test_udp_surplus),
		cmocka_unit_test(test_jumbo),     cmocka_unit_test(test_nothing_captured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
