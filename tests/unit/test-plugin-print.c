/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/plugin-bench.h"

#define AT_NS 1700000000123456789u /* 22:13:20.123456 UTC */
#define AT    "22:13:20.123456 "

/* Runs the packet that is laid out and compares what was printed, after the time. */
static void expect(const char *wanted)
{
	bench.packet.metadata |= NFV_META_TIMESTAMP;
	bench.packet.timestamp_ns = AT_NS;
	bench.printed[0] = '\0';
	bench_run();
	if (strncmp(bench.printed, AT, strlen(AT)) || strcmp(bench.printed + strlen(AT), wanted))
		fail_msg("wanted %s%s     got %s", AT, wanted, bench.printed);
}

static void expect_sample(const char *name, const char *wanted)
{
	bench_sample(name);
	expect(wanted);
}

/* What `tcpdump -n -S` writes of the same bytes, for all that both can tell. */
static void as_tcpdump_does(void **state)
{
	(void)state;
	bench_must_open("plugin: print\n");
	expect_sample("dns4", "IP 192.0.2.1.41582 > 192.0.2.2.53: UDP, length 29 [accept by default]\n");
	expect_sample("dns6", "IP6 2001:db8::1.36646 > 2001:db8::2.53: UDP, length 29 [accept by default]\n");
	expect_sample("syn4", "IP 192.0.2.1.34488 > 192.0.2.2.80: Flags [S], seq 4085459579, win 64240, length 0 "
			      "[accept by default]\n");
	expect_sample("http4",
		      "IP 192.0.2.1.34488 > 192.0.2.2.80: Flags [P.], seq 4085459580:4085459617, ack 224463326, win 63, "
		      "length 37 [accept by default]\n");
	expect_sample("http6",
		      "IP6 2001:db8::1.50380 > 2001:db8::2.80: Flags [P.], seq 2633892861:2633892898, ack 242720521, "
		      "win 64, length 37 [accept by default]\n");
	expect_sample("ping4",
		      "IP 192.0.2.1 > 192.0.2.2: ICMP echo request, id 32320, seq 1, length 45 [accept by default]\n");
	expect_sample("ping4_record_route", "IP 192.0.2.1 > 192.0.2.2: ICMP echo request, id 32322, seq 1, length 16 "
					    "[accept by default]\n");
	expect_sample("fragment4_first", "IP 192.0.2.1 > 192.0.2.2: ICMP echo request, id 32324, seq 1, length 80 "
					 "(frag offset 0+) [accept by default]\n");
	expect_sample("fragment4_last", "IP 192.0.2.1 > 192.0.2.2: ICMP, length 48 (frag offset 80) [accept by default]\n");
	expect_sample("ping6", "IP6 2001:db8::1 > 2001:db8::2: ICMP6, echo request, id 32321, seq 1, length 45 "
			       "[accept by default]\n");
	expect_sample("mld6", "IP6 :: > ff02::16: ICMP6, multicast listener report v2, length 48 [accept by default]\n");
	expect_sample("dns6_options", "IP6 2001:db8::1.38344 > 2001:db8::2.53: UDP, length 29 [accept by default]\n");
	bench.chain.default_verdict = NFV_DROP;
	expect_sample("dns4_no_checksum", "IP 192.0.2.1.53278 > 192.0.2.2.53: UDP, length 29 [drop by default]\n");
}

static void tcp_flags(void **state)
{
	static const struct {
		uint8_t flags;
		const char *text;
	} cases[] = {
		{ 0, "Flags [none], win 64240, length 0" },
		{ NFV_TCP_ACK, "Flags [.], ack 0, win 64240, length 0" },
		{ NFV_TCP_SYN | NFV_TCP_ACK, "Flags [S.], seq 4085459579, ack 0, win 64240, length 0" },
		{ NFV_TCP_FIN | NFV_TCP_ACK, "Flags [F.], seq 4085459579, ack 0, win 64240, length 0" },
		{ NFV_TCP_RST, "Flags [R], seq 4085459579, win 64240, length 0" },
		{ 0xff, "Flags [FSRP.UEW], seq 4085459579, ack 0, win 64240, urg 0, length 0" },
	};
	char wanted[256];

	(void)state;
	bench_must_open("plugin: print\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_sample("syn4");
		bench.bytes[33] = cases[i].flags;
		snprintf(wanted, sizeof(wanted), "IP 192.0.2.1.34488 > 192.0.2.2.80: %s [accept by default]\n",
			 cases[i].text);
		expect(wanted);
	}
}

static void other_messages(void **state)
{
	static const struct {
		const char *sample;
		uint32_t offset; /* of the message */
		uint8_t type, code;
		const char *text;
	} cases[] = {
		{ "ping4", 20, 3, 3, "ICMP port unreachable, length 45" },
		{ "ping4", 20, 3, 99, "ICMP destination unreachable, length 45" },
		{ "ping4", 20, 11, 0, "ICMP time exceeded in-transit, length 45" },
		{ "ping4", 20, 200, 7, "ICMP type 200 code 7, length 45" },
		{ "ping6", 40, 133, 0, "ICMP6, router solicitation, length 45" },
		{ "ping6", 40, 134, 0, "ICMP6, router advertisement, length 45" },
		{ "ping6", 40, 135, 0, "ICMP6, neighbor solicitation, who has fe80::5, length 45" },
		{ "ping6", 40, 136, 0, "ICMP6, neighbor advertisement, tgt is fe80::5, length 45" },
		{ "ping6", 40, 137, 0, "ICMP6, redirect, length 45" },
		{ "ping6", 40, 2, 0, "ICMP6, packet too big, length 45" },
		{ "ping6", 40, 250, 1, "ICMP6, type 250 code 1, length 45" },
	};
	static const uint8_t target[16] = { 0xfe, 0x80, [15] = 5 };
	char wanted[256];

	(void)state;
	bench_must_open("plugin: print\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench_sample(cases[i].sample);
		bench.bytes[cases[i].offset] = cases[i].type;
		bench.bytes[cases[i].offset + 1] = cases[i].code;
		memcpy(bench.bytes + cases[i].offset + 8, target, sizeof(target));
		snprintf(wanted, sizeof(wanted), "%s: %s [accept by default]\n",
			 cases[i].offset == 20 ? "IP 192.0.2.1 > 192.0.2.2" : "IP6 2001:db8::1 > 2001:db8::2",
			 cases[i].text);
		expect(wanted);
	}
}

static void other_protocols(void **state)
{
	(void)state;
	bench_must_open("plugin: print\n");
	bench_sample("dns4");
	bench.bytes[9] = 253;
	expect("IP 192.0.2.1 > 192.0.2.2: protocol 253, length 37 [accept by default]\n");
	bench_sample("dns6");
	bench.bytes[6] = 47;
	expect("IP6 2001:db8::1 > 2001:db8::2: GRE, length 37 [accept by default]\n");
	bench_sample("dns4");
	bench.packet.protocol = ETH_P_ARP;
	bench.bytes[0] = 0;
	expect("ethertype 0x0806, length 57 [accept by default]\n");
}

static void what_was_not_captured(void **state)
{
	(void)state;
	bench_must_open("plugin: print\n");
	bench_sample("http4");
	bench.packet.captured_len = 52;
	expect("IP 192.0.2.1.34488 > 192.0.2.2.80: Flags [P.], seq 4085459580:4085459617, ack 224463326, win 63, length 37 "
	       "[accept by default]\n");
	bench_sample("http4");
	bench.packet.captured_len = 39;
	expect("IP 192.0.2.1 > 192.0.2.2: [|tcp] [accept by default]\n");
	bench_sample("dns6");
	bench.packet.captured_len = 45;
	expect("IP6 2001:db8::1 > 2001:db8::2: [|udp] [accept by default]\n");
	bench_sample("ping6");
	bench.packet.captured_len = 45;
	expect("IP6 2001:db8::1 > 2001:db8::2: ICMP6, [|icmp6] [accept by default]\n");
	bench_sample("ping4");
	bench.packet.captured_len = 19;
	expect("IP [bad header], captured 19 of 65 [accept by default]\n");
	bench.packet.captured_len = bench.packet.original_len = 0;
	bench.packet.data = NULL;
	expect("IP, not copied [accept by default]\n");
}

static void the_long_style(void **state)
{
	(void)state;
	bench_must_open("style: long\n");
	assert_int_equal(bench.handler.needs_metadata, NFV_META_NAMES | NFV_META_UID | NFV_META_GID);
	assert_int_equal(bench.handler.needs_bytes, NFV_NEEDS_HEADERS);
	bench_sample("syn4");
	bench.packet.hook = 2;
	bench.packet.in_ifindex = 2;
	bench.packet.out_ifindex = 9;
	bench.packet.mark = 0x2a;
	expect("IP 192.0.2.1.34488 > 192.0.2.2.80: Flags [S], seq 4085459579, win 64240, length 0 {queue 3, id 77, FORWARD, "
	       "in eth0, "
	       "out #9, mark 0x2a, ttl 64, DF, tcp options 4, captured 60/60} [accept by default]\n");
	bench_sample("dns6");
	bench.packet.hook = 3;
	bench.packet.metadata = NFV_META_UID | NFV_META_GID | NFV_META_VLAN;
	bench.packet.uid = 1000;
	bench.packet.gid = 100;
	bench.packet.vlan_tci = 3 << 13 | 7;
	bench.packet.flags = NFV_GSO | NFV_CHECKSUM_NOT_READY;
	bench.packet.phys_in_ifindex = 3;
	bench.packet.captured_len = 48;
	bench.bytes[0] = 0x62;
	bench.bytes[1] = 0xe0;
	expect("IP6 2001:db8::1.36646 > 2001:db8::2.53: UDP, length 29 {queue 3, id 77, OUTPUT, physin br-lan, mark 0x0, "
	       "hlim 64, "
	       "class 0x2e, captured 48/77, vlan 7 priority 3, uid 1000, gid 100, gso, checksum not ready} [accept by "
	       "default]\n");
	bench_must_open("style: short\n");
	assert_int_equal(bench.handler.needs_metadata, 0);
}

/* The last words of a line, for a decision that was made elsewhere. */
static void expect_decision(const struct nfv_decision *decision, const char *wanted)
{
	char *end;

	bench_sample("dns4");
	bench.packet.mark = 0x10;
	bench.printed[0] = '\0';
	bench.plugin.ops->decided(bench.handler.state, &bench.packet, decision);
	end = strchr(bench.printed, '[');
	assert_non_null(end);
	assert_string_equal(end, wanted);
}

static void decisions(void **state)
{
	(void)state;
	bench_must_open("plugin: print\n");
	expect_decision(&(struct nfv_decision){ .verdict = NFV_DROP, .handler = "no-telnet" }, "[drop by no-telnet]\n");
	expect_decision(&(struct nfv_decision){ .verdict = NFV_ACCEPT, .handler = "m", .marked = true },
			"[accept by m mark 0x10]\n");
	expect_decision(&(struct nfv_decision){ .verdict = NFV_REPEAT, .handler = "r", .marked = true, .rewritten = true },
			"[repeat by r mark 0x10 rewritten]\n");
	expect_decision(&(struct nfv_decision){ .verdict = NFV_QUEUE(65535), .handler = "q" }, "[queue 65535 by q]\n");
	expect_decision(&(struct nfv_decision){ .verdict = NFV_DROP, .failed = true }, "[drop by on-error]\n");
	expect_decision(&(struct nfv_decision){ .verdict = NFV_ACCEPT, .handler = "a\033[31m\n\xff" },
			"[accept by a?[31m??]\n");
}

static void hex(void **state)
{
	(void)state;
	bench_must_open("hex: true\n");
	assert_int_equal(bench.handler.needs_bytes, 256);
	expect_sample("dns4", "IP 192.0.2.1.41582 > 192.0.2.2.53: UDP, length 29 [accept by default]\n"
			      "\t0x0000:  4500 0039 0c92 4000 4011 aa1e c000 0201  E..9..@.@.......\n"
			      "\t0x0010:  c000 0202 a26e 0035 0025 ef63 1a2b 0100  .....n.5.%.c.+..\n"
			      "\t0x0020:  0001 0000 0000 0000 0765 7861 6d70 6c65  .........example\n"
			      "\t0x0030:  0363 6f6d 0000 0100 01                   .com.....\n");
	bench_must_open("hex: true\nbytes: 3\n");
	assert_int_equal(bench.handler.needs_bytes, NFV_NEEDS_HEADERS);
	expect_sample("dns4", "IP 192.0.2.1.41582 > 192.0.2.2.53: UDP, length 29 [accept by default]\n"
			      "\t0x0000:  4500 00                                  E..\n");
	bench_must_open("hex: true\nbytes: 2K\n");
	assert_int_equal(bench.handler.needs_bytes, 2048);
}

static void only_some(void **state)
{
	(void)state;
	bench_must_open("only: tcp dst port 80\n");
	bench_judge("dns4");
	bench_judge("ping6");
	assert_string_equal(bench.printed, "");
	bench_judge("syn4");
	assert_non_null(strstr(bench.printed, "Flags [S]"));
	bench_must_open("only: udp[700] = 3\n");
	assert_int_equal(bench.handler.needs_bytes, 761);
}

static unsigned count_lines(void)
{
	unsigned lines = 0;

	for (const char *c = bench.printed; *c; c++)
		lines += *c == '\n';
	return lines;
}

static void a_limit(void **state)
{
	uint64_t start_ns, end_ns;

	(void)state;
	bench_must_open("limit: 3\n");
	start_ns = bench.handler.host.now_ns(&bench.handler.host);
	for (int i = 0; i < 10; i++)
		bench_judge("dns4");
	end_ns = bench.handler.host.now_ns(&bench.handler.host);
	if (start_ns / 1000000000 != end_ns / 1000000000)
		return; /* the second changed just now */
	assert_int_equal(count_lines(), 3);
	bench.printed[0] = '\0';
	bench.plugin.ops->tick(bench.handler.state, end_ns + 1000000000);
	assert_string_equal(bench.printed, "... 7 packets not shown, limit is 3 a second\n");
	bench.plugin.ops->tick(bench.handler.state, end_ns + 2000000000);
	assert_int_equal(count_lines(), 1);
}

static void mistakes(void **state)
{
	(void)state;
	bench_refused("style: longer\n", "1:8: handler h: style: ");
	bench_refused("hex: true\nbytes: 0\n", "2:8: handler h: bytes: ");
	bench_refused("bytes: 16\n", "1:8: handler h: bytes: says how much hex shows, and hex is off");
	bench_refused("only: tcp dst porrt 3\n", "1:7: handler h: only: ");
	bench_refused("bytes: 16\nonly: tcp dst porrt 3\n", "1:8: handler h: bytes: ");
	assert_int_equal(bench.report.count, 2);
	bench_refused("limit: 0\n", "1:8: handler h: limit: ");
	bench_refused("colour: true\n", "1:1: handler h: unknown key colour");
}

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

/* Any bytes, cut anywhere, in a buffer that ends where the capture does: the sanitizer sees a read beyond it. */
static void hostile_packets(void **state)
{
	uint32_t random = 1;

	(void)state;
	bench_must_open("style: long\nhex: true\nonly: tcp or udp or icmp or icmp6 or ip or ip6\n");
	for (int round = 0; round < 20000; round++) {
		const struct sample *s = &samples[next_random(&random) % SAMPLES];
		size_t captured_len = next_random(&random) % (s->len + 1);
		uint8_t *bytes = malloc(captured_len ? captured_len : 1);

		memcpy(bytes, s->bytes, captured_len);
		for (uint32_t n = next_random(&random) % 6; n > 0 && captured_len > 0; n--)
			bytes[next_random(&random) % captured_len] = (uint8_t)next_random(&random);
		bench_fill(s->bytes, s->len, captured_len);
		bench.packet.data = bytes;
		bench.packet.original_len = next_random(&random) % 3 ? (uint32_t)s->len : (uint32_t)captured_len;
		bench.packet.flags = (uint8_t)(next_random(&random) & 7);
		bench.printed[0] = '\0';
		assert_int_equal(bench_run(), NFV_ACCEPT);
		for (const char *c = bench.printed; *c; c++)
			assert_true((*c >= ' ' && *c < 0x7f) || *c == '\n' || *c == '\t');
		free(bytes);
	}
}

static int setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	return bench_load("print");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_tcpdump_does),
		cmocka_unit_test(tcp_flags),
		cmocka_unit_test(other_messages),
		cmocka_unit_test(other_protocols),
		cmocka_unit_test(what_was_not_captured),
		cmocka_unit_test(the_long_style),
		cmocka_unit_test(decisions),
		cmocka_unit_test(hex),
		cmocka_unit_test(only_some),
		cmocka_unit_test(a_limit),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(hostile_packets),
	};

	return cmocka_run_group_tests(tests, setup, bench_unload);
}
