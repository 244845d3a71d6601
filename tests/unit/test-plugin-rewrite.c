/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The built plugin, opened from configuration text and run in a chain, as a worker does it. */
#include "daemon/config/tree.h"
#include "daemon/handler/chain.h"
#include "daemon/packet/rewrite.h"
#include "tests/unit/packets.h"
#include "tests/unit/verify.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define ROOM 400 /* capacity of a packet */

static const struct nfv_packet_ops ops = { .splice = rewrite_splice };

static struct plugin plugin;
static struct handler handler;
static struct handler_counters counters;
static struct report report;
static struct node *tree;
static struct chain chain;
static struct chain_progress progress;
static struct chain_decision decision;
static struct nfv_packet p;
static uint8_t data[ROOM];

static void keep_log(void *context, const char *name, enum nfv_log_level level, const char *text)
{
	(void)context;
	(void)level;
	print_message("%s: %s\n", name, text);
}

static const struct handler_env env = { .log = keep_log, .mark_mask = UINT32_MAX };

static void keep_decision(void *context, size_t index, const struct chain_decision *what)
{
	(void)context;
	assert_int_equal(index, 0);
	decision = *what;
}

static int load(void **state)
{
	const char *top = getenv("top_builddir");
	char path[4096], why[512] = "";
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/plugins/rewrite/rewrite.so", top ? top : ".");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || plugin_load(&plugin, fd, path, why, sizeof(why))) {
		print_error("%s: %s\n", path, fd < 0 ? strerror(errno) : why);
		return -1;
	}
	close(fd);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	plugin_unload(&plugin);
	return 0;
}

/* The text begins with the options' first line, which is line 1. */
static int try_open(const char *text)
{
	struct place place = { .file = "test.yaml", .line = 1, .column = 1 };

	memset(&counters, 0, sizeof(counters));
	memset(&handler, 0, sizeof(handler));
	tree = tree_parse("test.yaml", text, strlen(text), &report);
	assert_non_null(tree);
	return handler_open(&handler, &plugin, "edit", tree, place, &env, &counters, &report);
}

static void open_handler(const char *text)
{
	if (try_open(text)) {
		report_print(&report, stdout);
		fail_msg("not opened: %s", text);
	}
	chain = (struct chain){
		.handlers = &handler,
		.count = 1,
		.default_verdict = NFV_ACCEPT,
		.on_error = NFV_DROP,
		.progress = &progress,
		.decided = keep_decision,
		.mark_mask = UINT32_MAX,
	};
	chain_prepare(&chain);
}

static void close_handler(void)
{
	handler_close(&handler);
	tree_free(tree);
	tree = NULL;
	report_clear(&report);
}

/* Runs a packet through the chain; what comes out must be right and nothing that failed. */
static void pass(const uint8_t *bytes, size_t len)
{
	struct nfv_packet *list = &p;
	const char *wrong;

	memset(data, 0xee, sizeof(data));
	memcpy(data, bytes, len);
	p = (struct nfv_packet){
		.size = sizeof(p),
		.data = data,
		.captured_len = (uint32_t)len,
		.original_len = (uint32_t)len,
		.capacity = ROOM,
		.protocol = bytes[0] >> 4 == 4 ? 0x0800 : 0x86dd,
		.ops = &ops,
	};
	chain_run(&chain, &list, 1);
	assert_false(decision.failed);
	assert_int_equal(decision.verdict, NFV_ACCEPT);
	wrong = verify_packet(data, p.captured_len);
	if (wrong)
		fail_msg("%s", wrong);
}

#define PASS(name) pass(packet_##name, sizeof(packet_##name))

static void expect_unchanged(const uint8_t *bytes, size_t len)
{
	assert_false(decision.rewritten);
	assert_int_equal(p.captured_len, len);
	assert_memory_equal(data, bytes, len);
}

#define EXPECT_UNCHANGED(name) expect_unchanged(packet_##name, sizeof(packet_##name))

static uint64_t count_of(const char *name)
{
	for (size_t i = 0; i < HANDLER_COUNTERS; i++) {
		if (strcmp(counters.own[i].name, name) == 0)
			return counters.own[i].value;
	}
	fail_msg("no counter %s", name);
	return 0;
}

static bool contains(const char *text)
{
	return memmem(data, p.captured_len, text, strlen(text)) != NULL;
}

/* ---- Bytes ---- */

static void test_same_length(void **state)
{
	(void)state;
	open_handler("changes: [ { find: example, replace: elpmaxe } ]\n");
	PASS(http4);
	assert_true(decision.rewritten && contains("Host: elpmaxe.com") && !contains("example"));
	assert_int_equal(p.captured_len, sizeof(packet_http4));
	PASS(http6);
	assert_true(decision.rewritten && contains("Host: elpmaxe.com"));
	PASS(dns4);
	assert_true(decision.rewritten && contains("\007elpmaxe\003com"));
	PASS(dns4_no_checksum);
	assert_int_equal(verify_16(data + 26), 0);
	PASS(dns6_options);
	assert_true(decision.rewritten && contains("\007elpmaxe\003com"));
	PASS(dns6_routing);
	assert_true(decision.rewritten && contains("\007elpmaxe\003com"));
	PASS(syn4);
	EXPECT_UNCHANGED(syn4);
	PASS(ping4);
	EXPECT_UNCHANGED(ping4);
	assert_int_equal(count_of("change-1"), 6);
	assert_int_equal(counters.rewritten, 6);
	close_handler();
}

static void test_hex_and_max(void **state)
{
	(void)state;
	open_handler("changes: [ { find: '|0d 0a|', replace: '~|7e|', max: 2, protocol: tcp } ]\n");
	PASS(http4);
	assert_true(contains("HTTP/1.0~~Host: example.com~~\r\n"));
	close_handler();
	open_handler("changes: [ { find: '|0d 0a|', replace: '~|7e|', max: all, protocol: tcp } ]\n");
	PASS(http4);
	assert_true(contains("HTTP/1.0~~Host: example.com~~~~"));
	close_handler();
	open_handler("changes: [ { find: '|0d 0a|', replace: '~|7e|', protocol: udp } ]\n");
	PASS(http4);
	EXPECT_UNCHANGED(http4);
	close_handler();
}

static void test_headers_are_no_payload(void **state)
{
	(void)state;
	open_handler("changes: [ { find: '|c0 00 02|', replace: '|c0 00 03|' } ]\n"); /* the addresses have it */
	PASS(http4);
	EXPECT_UNCHANGED(http4);
	close_handler();
}

/* Nor is link padding, however often something was found before it. */
static void test_padding_is_no_payload(void **state)
{
	uint8_t bytes[sizeof(packet_dns4) + 8];

	(void)state;
	memcpy(bytes, packet_dns4, sizeof(packet_dns4));
	memset(bytes + sizeof(packet_dns4), 'e', 8);
	open_handler("changes: [ { find: e, replace: E } ]\n");
	pass(bytes, sizeof(bytes));
	assert_true(contains("\007ExamplE\003com"));
	assert_memory_equal(data + sizeof(packet_dns4), "eeeeeeee", 8);
	close_handler();
}

static void test_udp_grows_and_shrinks(void **state)
{
	(void)state;
	open_handler("changes:\n"
		     "  - { find: example, replace: a-longer-name, protocol: udp }\n"
		     "  - { find: com, replace: '', protocol: udp }\n"
		     "  - { find: '|00 01|', replace: '<one>', protocol: udp, max: 2 }\n");
	PASS(dns4);
	assert_int_equal(p.captured_len, sizeof(packet_dns4) + 6 - 3 + 6);
	assert_int_equal(verify_16(data + 2), p.captured_len);
	assert_int_equal(verify_16(data + 24), p.captured_len - 20);
	assert_true(contains("\007a-longer-name\003") && !contains("com"));
	PASS(dns6);
	assert_int_equal(p.captured_len, sizeof(packet_dns6) + 9);
	assert_int_equal(verify_16(data + 4), p.captured_len - 40);
	PASS(dns6_options);
	assert_int_equal(p.captured_len, sizeof(packet_dns6_options) + 9);
	PASS(dns6_routing);
	assert_int_equal(p.captured_len, sizeof(packet_dns6_routing) + 9);
	PASS(dns4_no_checksum);
	assert_int_equal(verify_16(data + 26), 0);
	assert_int_equal(count_of("change-3"), 5);
	PASS(http4);
	EXPECT_UNCHANGED(http4);
	close_handler();
}

/* What was put in is not searched again, or this would not end. */
static void test_replacement_holds_find(void **state)
{
	(void)state;
	open_handler("changes: [ { find: e, replace: eee, protocol: udp } ]\n");
	PASS(dns4);
	assert_true(contains("\007eeexampleee\003com"));
	close_handler();
}

static void test_too_long(void **state)
{
	char text[1000] = "changes: [ { protocol: udp, find: e, replace: ";

	(void)state;
	memset(text + strlen(text), 'z', 330);
	strcat(text, " } ]\n");
	open_handler(text);
	PASS(dns4); /* one fits, the second does not */
	assert_true(decision.rewritten);
	assert_int_equal(p.captured_len, sizeof(packet_dns4) + 329);
	assert_int_equal(count_of("packets too long"), 1);
	close_handler();
}

static void test_only(void **state)
{
	(void)state;
	open_handler("changes: [ { name: web, only: ip6 and tcp dst port 80, find: GET, replace: PUT } ]\n");
	PASS(http4);
	EXPECT_UNCHANGED(http4);
	PASS(http6);
	assert_true(contains("PUT / HTTP"));
	assert_int_equal(count_of("web"), 1);
	close_handler();
}

/* ---- Fields ---- */

static void test_ttl_and_dscp(void **state)
{
	(void)state;
	open_handler("changes: [ { ttl: 9, dscp: 46 } ]\n");
	for (size_t i = 0; i < SAMPLES; i++) {
		bool ip4 = samples[i].bytes[0] >> 4 == 4;
		size_t header_len = ip4 ? 20 : 40;

		pass(samples[i].bytes, samples[i].len);
		assert_true(decision.rewritten);
		assert_int_equal(data[ip4 ? 8 : 7], 9);
		assert_int_equal(ip4 ? data[1] : verify_16(data) >> 4 & 0xff, 46 << 2 | (ip4 ? samples[i].bytes[1] & 3 : 0));
		assert_int_equal(data[0] >> 4, ip4 ? 4 : 6);
		assert_int_equal(verify_16(data + 2), verify_16(samples[i].bytes + 2)); /* total length; flow label */
		assert_memory_equal(data + header_len, samples[i].bytes + header_len, samples[i].len - header_len);
	}
	assert_int_equal(count_of("change-1"), SAMPLES);
	close_handler();

	open_handler("changes: [ { ttl: 64 }, { dscp: 0 } ]\n"); /* what the packet has already */
	PASS(dns4);
	EXPECT_UNCHANGED(dns4);
	PASS(dns6);
	EXPECT_UNCHANGED(dns6);
	assert_int_equal(count_of("change-1") + count_of("change-2"), 0);
	close_handler();
}

static void test_dscp_keeps_ecn_and_flow(void **state)
{
	uint8_t bytes[sizeof(packet_dns6)];

	(void)state;
	memcpy(bytes, packet_dns6, sizeof(bytes));
	bytes[0] = 0x6f;
	bytes[1] = 0xfa;
	open_handler("changes: [ { dscp: 10 } ]\n");
	pass(bytes, sizeof(bytes));
	assert_int_equal(data[0], 0x62);
	assert_int_equal(data[1], 0xba);
	close_handler();
}

/* A packet that arrived corrupt leaves corrupt when only its TTL was set. */
static void test_corrupt_stays_corrupt(void **state)
{
	struct nfv_packet *list = &p;

	(void)state;
	open_handler("changes: [ { ttl: 5, dscp: 1 } ]\n");
	PASS(dns4);
	p = (struct nfv_packet){ .size = sizeof(p),
				 .data = data,
				 .captured_len = sizeof(packet_dns4),
				 .original_len = sizeof(packet_dns4),
				 .capacity = ROOM,
				 .protocol = 0x0800,
				 .ops = &ops };
	memcpy(data, packet_dns4, sizeof(packet_dns4));
	data[40] ^= 1;
	chain_run(&chain, &list, 1);
	assert_true(decision.rewritten);
	assert_non_null(verify_packet(data, p.captured_len));
	data[40] ^= 1;
	assert_null(verify_packet(data, p.captured_len));
	close_handler();
}

static void test_cannot_be_changed(void **state)
{
	uint8_t fragment[sizeof(packet_dns4)];
	struct nfv_packet *list = &p;

	(void)state;
	open_handler("changes: [ { find: '|00|', replace: '|01|' }, { ttl: 3, protocol: udp } ]\n");
	PASS(fragment4_first); /* its payload is part of something */
	EXPECT_UNCHANGED(fragment4_first);
	PASS(fragment4_last);
	EXPECT_UNCHANGED(fragment4_last);

	memcpy(fragment, packet_dns4, sizeof(fragment)); /* the same of UDP, where TTL can be set */
	fragment[6] = 0x20;
	fragment[10] = (uint8_t)(fragment[10] + 0x20);
	assert_null(verify_packet(fragment, sizeof(fragment)));
	pass(fragment, sizeof(fragment));
	assert_int_equal(data[8], 3);
	assert_memory_equal(data + 20, packet_dns4 + 20, sizeof(packet_dns4) - 20);

	PASS(dns4);
	assert_true(decision.rewritten);
	memcpy(data, packet_dns4, sizeof(packet_dns4));
	p.captured_len = 50;
	p.original_len = sizeof(packet_dns4);
	p.edits = 0;
	chain_run(&chain, &list, 1);
	assert_false(decision.failed || decision.rewritten);
	assert_memory_equal(data, packet_dns4, sizeof(packet_dns4));
	assert_int_equal(count_of("packets truncated"), 1);

	for (size_t len = 0; len < sizeof(packet_dns6_routing); len++) { /* cut anywhere: nothing to hold on to */
		memcpy(data, packet_dns6_routing, sizeof(packet_dns6_routing));
		p = (struct nfv_packet){ .size = sizeof(p),
					 .data = data,
					 .captured_len = (uint32_t)len,
					 .original_len = (uint32_t)len,
					 .capacity = ROOM,
					 .protocol = 0x86dd,
					 .ops = &ops };
		chain_run(&chain, &list, 1);
		assert_false(decision.failed || decision.rewritten);
	}
	close_handler();
}

/* ---- Refusals ---- */

static const struct refusal {
	const char *text;
	unsigned lines; /* of the report */
	unsigned line; /* of the first mistake */
	const char *says;
} refusals[] = {
	{ "changes:\n  - find: abc\n    replace: abcd\n", 1, 3,
	  "handler edit: changes 1: replace: has 4 bytes, find has 3" },
	{ "changes:\n  - find: abc\n    replace: abcd\n    protocol: tcp\n", 1, 3, "only with protocol: udp" },
	{ "changes:\n  - find: abc\n    replace: abcd\n    only: udp\n", 1, 3, "sequence numbers" },
	{ "changes:\n  - ttl: 3\n  - find: ''\n    replace: ''\n", 1, 3, "changes 2: find: is empty" },
	{ "changes:\n  - ttl: 3\n    replace: x\n", 1, 3, "replace: needs find" },
	{ "changes:\n  - ttl: 3\n    find: x\n", 1, 3, "find: needs replace" },
	{ "changes:\n  - ttl: 3\n    max: 3\n", 1, 3, "max: needs find" },
	{ "changes:\n  - find: abc\n    replace: '|61 62 63|'\n", 1, 3, "is the same as find" },
	{ "changes:\n  - only: tcp\n    name: x\n", 1, 2, "handler edit: changes 1: changes nothing" },
	{ "changes:\n  - ttl: 3\n    only: tcp prot 5\n", 1, 3, "changes 1: only: " },
	{ "changes:\n  - { ttl: 3, name: a }\n  - { ttl: 4 }\n  - { ttl: 3, name: a }\n", 1, 4,
	  "a is the name of change 1" },
	{ "changes:\n  - { ttl: 3, name: change-2 }\n  - { ttl: 4 }\n", 1, 2, "change-2 is the name of change 2" },
	{ "changes: []\n", 1, 1, "changes: " },
	{ "{}\n", 1, 1, "changes" },
	{ "changes:\n  - ttl: 0\n", 1, 2, "ttl" },
	{ "changes:\n  - ttl: 256\n", 1, 2, "ttl" },
	{ "changes:\n  - dscp: 64\n", 1, 2, "dscp" },
	{ "changes:\n  - { find: x, replace: y, max: 0 }\n", 1, 2, "max" },
	{ "changes:\n  - { find: 'x|4', replace: y }\n", 1, 2, "find" },
	{ "changes:\n  - { find: x, replace: y, protocol: icmp }\n", 1, 2, "protocol" },
	{ "changes:\n  - { fnd: x, replace: y }\n", 1, 2, "fnd" },
	{ "changes:\n  - only: nonsense here\n  - replace: x\n  - { find: a, replace: bb }\n", 4, 2, "changes 1: " },
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *r = &refusals[i];

		assert_int_not_equal(try_open(r->text), 0);
		report_sort(&report);
		if (report.count != r->lines || report.entries[0].line != r->line ||
		    !strstr(report.entries[0].text, r->says)) {
			report_print(&report, stdout);
			fail_msg("case %zu: %s", i, r->text);
		}
		tree_free(tree);
		report_clear(&report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_length),
		cmocka_unit_test(test_hex_and_max),
		cmocka_unit_test(test_headers_are_no_payload),
		cmocka_unit_test(test_padding_is_no_payload),
		cmocka_unit_test(test_udp_grows_and_shrinks),
		cmocka_unit_test(test_replacement_holds_find),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_only),
		cmocka_unit_test(test_ttl_and_dscp),
		cmocka_unit_test(test_dscp_keeps_ecn_and_flow),
		cmocka_unit_test(test_corrupt_stays_corrupt),
		cmocka_unit_test(test_cannot_be_changed),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
