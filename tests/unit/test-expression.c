/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plugins/common/expression.h"
#include "tests/unit/packets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct sample *sample(const char *name)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		if (strcmp(samples[i].name, name) == 0)
			return &samples[i];
	}
	fail_msg("no packet %s", name);
	return NULL;
}

static bool matches(const char *text, const char *name, size_t captured_len)
{
	const struct sample *s = sample(name);
	struct nfv_packet p = { .original_len = (uint32_t)s->len };
	struct expression *expression;
	char why[256];
	bool match;

	p.captured_len = (uint32_t)(captured_len < s->len ? captured_len : s->len);
	p.data = malloc(p.captured_len + 1);
	memcpy(p.data, s->bytes, p.captured_len);
	assert_int_equal(expression_compile(&expression, text, why, sizeof(why)), 0);
	match = expression_match(expression, &p);
	expression_free(expression);
	free(p.data);
	return match;
}

static void test_match(void **state)
{
	(void)state;
	assert_true(matches("udp dst port 53", "dns4", 9999));
	assert_true(matches("udp dst port 53", "dns6", 9999));
	assert_false(matches("udp dst port 53", "dns4_answer", 9999));
	assert_true(matches("tcp[tcpflags] & tcp-syn != 0", "syn4", 9999));
	assert_true(matches("ip6 and tcp port 80", "http6", 9999));
	assert_false(matches("ip6", "http4", 9999));
	assert_true(matches("host 192.0.2.1 and icmp", "ping4", 9999));
	assert_true(matches("", "ping4", 9999));
	assert_true(matches("", "ping4", 0));
}

/* `greater` and `less` speak of the packet, not of what was copied; bytes that are not there match nothing. */
static void test_two_lengths(void **state)
{
	(void)state;
	assert_true(matches("greater 57", "dns4", 20));
	assert_false(matches("greater 58", "dns4", 20));
	assert_false(matches("udp dst port 53", "dns4", 22));
	assert_true(matches("udp dst port 53", "dns4", 24));
	assert_false(matches("udp", "dns4", 0));
}

static void test_mistakes(void **state)
{
	static const char *const texts[] = { "udp prot 53", "tcp port 70000", "ether host 1:2:3:4:5:6",
					     "ip and",      "ip and ip6",     "(" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct expression *expression = NULL;
		char why[256] = "", tiny[2];

		assert_int_equal(expression_compile(&expression, texts[i], why, sizeof(why)), -EINVAL);
		assert_true(why[0] && !strchr(why, '\n'));
		assert_null(expression);
		assert_int_equal(expression_compile(&expression, texts[i], tiny, sizeof(tiny)), -EINVAL);
	}
	expression_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_two_lengths),
		cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
