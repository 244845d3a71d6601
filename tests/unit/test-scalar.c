/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/scalar.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* words NULL: taken, with the value. Otherwise: refused, with these words among the cause's. */
struct number_case {
	const char *text;
	uint64_t min, max, value;
	const char *words;
};

typedef int number_fn(const char *text, uint64_t min, uint64_t max, uint64_t *value, struct why *why);

static void check_numbers(number_fn *parse, const struct number_case *c, size_t count)
{
	for (; count--; c++) {
		uint64_t value = 4711;
		struct why why = { "" };
		int err = parse(c->text, c->min, c->max, &value, &why);

		if (!c->words) {
			if (err || value != c->value)
				fail_msg("%s: %d, %" PRIu64 ", %s", c->text, err, value, why.text);
		} else if (!err || !strstr(why.text, c->words)) {
			fail_msg("%s: %d, \"%s\", expected \"%s\"", c->text, err, why.text, c->words);
		}
	}
}

#define CHECK_NUMBERS(parse, cases) check_numbers(parse, cases, sizeof(cases) / sizeof((cases)[0]))

static void test_uint(void **state)
{
	static const struct number_case cases[] = {
		{ "0", 0, 0, 0, NULL },
		{ "0x0", 0, 0, 0, NULL },
		{ "10", 0, 0, 10, NULL },
		{ "0x1F", 0, 0, 31, NULL },
		{ "0x010", 0, 0, 16, NULL },
		{ "18446744073709551615", 0, 0, UINT64_MAX, NULL },
		{ "0xffffffffffffffff", 0, 0, UINT64_MAX, NULL },
		{ "18446744073709551616", 0, 0, 0, "does not fit into 64 bits" },
		{ "0x10000000000000000", 0, 0, 0, "does not fit into 64 bits" },
		{ "99999999999999999999999999", 1, 5, 0, "does not fit into 64 bits" },
		{ "1", 1, 1, 1, NULL },
		{ "0", 1, 5, 0, "0 is below 1" },
		{ "0x6", 1, 5, 0, "0x6 is above 5" },
		{ "010", 0, 0, 0, "octal is not taken" },
		{ "00", 0, 0, 0, "octal is not taken" },
		{ "0X10", 0, 0, 0, "small x" },
		{ "0x", 0, 0, 0, "wanted a number, found 0x" },
		{ "-1", 0, 0, 0, "-1 is negative" },
		{ "-0", 0, 0, 0, "negative" },
		{ "+1", 0, 0, 0, "has a sign" },
		{ "1.0", 0, 0, 0, "whole number" },
		{ "1e3", 0, 0, 0, "wanted a number, found 1e3" },
		{ "1_000", 0, 0, 0, "wanted a number" },
		{ "1 ", 0, 0, 0, "wanted a number" },
		{ " 1", 0, 0, 0, "wanted a number" },
		{ "", 0, 0, 0, "empty" },
		{ "-", 0, 0, 0, "wanted a number, found -" },
		{ "ten", 0, 0, 0, "found ten" },
		{ "4K", 0, 0, 0, "wanted a number, found 4K" },
	};

	(void)state;
	CHECK_NUMBERS(scalar_uint, cases);
}

static void test_size(void **state)
{
	static const struct number_case cases[] = {
		{ "0", 0, 0, 0, NULL },
		{ "512", 0, 0, 512, NULL },
		{ "4K", 0, 0, 4096, NULL },
		{ "0x10K", 0, 0, 16384, NULL },
		{ "1M", 0, 0, 1 << 20, NULL },
		{ "3G", 0, 0, UINT64_C(3) << 30, NULL },
		{ "17179869183G", 0, 0, UINT64_C(17179869183) << 30, NULL },
		{ "17179869184G", 0, 0, 0, "does not fit into 64 bits" },
		{ "4k", 0, 0, 0, "K, M or G" },
		{ "4 K", 0, 0, 0, "K, M or G" },
		{ "4KiB", 0, 0, 0, "K, M or G" },
		{ "1T", 0, 0, 0, "K, M or G" },
		{ "K", 0, 0, 0, "wanted a size, found K" },
		{ "1G", 4096, 1 << 20, 0, "1G is above 1M" },
		{ "1000", 4096, 1 << 20, 0, "1000 is below 4K" },
		{ "-4K", 0, 0, 0, "negative" },
		{ "04K", 0, 0, 0, "octal" },
	};

	(void)state;
	CHECK_NUMBERS(scalar_size, cases);
}

static void test_duration(void **state)
{
	static const struct number_case cases[] = {
		{ "0", 0, 0, 0, NULL },
		{ "1ns", 0, 0, 1, NULL },
		{ "60us", 0, 0, 60000, NULL },
		{ "5ms", 0, 0, 5000000, NULL },
		{ "2s", 0, 0, UINT64_C(2000000000), NULL },
		{ "1min", 0, 0, UINT64_C(60000000000), NULL },
		{ "2h", 0, 0, UINT64_C(7200000000000), NULL },
		{ "5", 0, 0, 0, "5 has no unit" },
		{ "5m", 0, 0, 0, "wanted a duration" },
		{ "5 s", 0, 0, 0, "wanted a duration" },
		{ "1.5s", 0, 0, 0, "wanted a duration" },
		{ "s", 0, 0, 0, "wanted a duration" },
		{ "99999999999h", 0, 0, 0, "does not fit into 64 bits" },
		{ "2s", 1, 1000000000, 0, "2s is above 1s" },
		{ "2us", 5000, 1000000000, 0, "2us is below 5us" },
	};

	(void)state;
	CHECK_NUMBERS(scalar_duration, cases);
}

static void test_range(void **state)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		uint32_t first, last;
		const char *words;
	} cases[] = {
		{ "0", 0, 0, 0, 0, NULL },
		{ "0-3", 0, 65535, 0, 3, NULL },
		{ "0x10-0x1f", 0, 65535, 16, 31, NULL },
		{ "7-7", 0, 65535, 7, 7, NULL },
		{ "4294967295", 0, 0, UINT32_MAX, UINT32_MAX, NULL },
		{ "4294967296", 0, 0, 0, 0, "above 4294967295" },
		{ "3-0", 0, 0, 0, 0, "3 is above 0, wanted the smaller number first" },
		{ "0-65536", 0, 65535, 0, 0, "65536 is above 65535" },
		{ "0-3", 1, 9, 0, 0, "0 is below 1" },
		{ "-3", 0, 0, 0, 0, "negative" },
		{ "0-", 0, 0, 0, 0, "found 0-" },
		{ "0--3", 0, 0, 0, 0, "found 0--3" },
		{ "0-3-5", 0, 0, 0, 0, "found 0-3-5" },
		{ "0:3", 0, 0, 0, 0, "found 0:3" },
		{ "0-010", 0, 0, 0, 0, "octal" },
		{ "", 0, 0, 0, 0, "empty" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nfv_range range = { 99, 98 };
		struct why why = { "" };
		int err = scalar_range(cases[i].text, cases[i].min, cases[i].max, &range, &why);

		if (cases[i].words) {
			if (!err || !strstr(why.text, cases[i].words))
				fail_msg("%s: %d, %s", cases[i].text, err, why.text);
			assert_int_equal(range.first, 99);
		} else if (err || range.first != cases[i].first || range.last != cases[i].last) {
			fail_msg("%s: %d, %u-%u", cases[i].text, err, range.first, range.last);
		}
	}
}

static void test_mark(void **state)
{
	static const struct {
		const char *text;
		uint32_t value, mask;
		const char *words;
	} cases[] = {
		{ "16", 16, UINT32_MAX, NULL },
		{ "0", 0, UINT32_MAX, NULL },
		{ "0x10/0xf0", 0x10, 0xf0, NULL },
		{ "0/1", 0, 1, NULL },
		{ "0xffffffff/0xffffffff", UINT32_MAX, UINT32_MAX, NULL },
		{ "0x1f/0xf0", 0, 0, "bits 0xf of the value are outside of the mask" },
		{ "0x100000000", 0, 0, "32 bits" },
		{ "0/0x100000000", 0, 0, "32 bits" },
		{ "0/0", 0, 0, "would change nothing" },
		{ "1/", 0, 0, "wanted a mark" },
		{ "/1", 0, 0, "wanted a mark" },
		{ "1/2/3", 0, 0, "wanted a mark" },
		{ "0x10 / 0xf0", 0, 0, "wanted a mark" },
		{ "-1", 0, 0, "negative" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nfv_mark mark = { 0 };
		struct why why = { "" };
		int err = scalar_mark(cases[i].text, &mark, &why);

		if (cases[i].words ? !err || !strstr(why.text, cases[i].words)
				   : err || mark.value != cases[i].value || mark.mask != cases[i].mask)
			fail_msg("%s: %d, 0x%x/0x%x, %s", cases[i].text, err, mark.value, mark.mask, why.text);
	}
}

static void test_bool(void **state)
{
	static const char *const wrong[] = { "yes", "no", "on", "off", "True", "FALSE", "1", "0", "", "true ", "y" };
	struct why why;
	bool value = false;

	(void)state;
	assert_int_equal(scalar_bool("true", &value, &why), 0);
	assert_true(value);
	assert_int_equal(scalar_bool("false", &value, &why), 0);
	assert_false(value);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(scalar_bool(wrong[i], &value, &why), -EINVAL);
		assert_non_null(strstr(why.text, "wanted true or false, found"));
	}
}

static void test_word(void **state)
{
	static const char *const words[] = { "none", "meta", "packet", NULL };
	struct why why;
	size_t index;

	(void)state;
	assert_int_equal(scalar_word("packet", words, &index, &why), 0);
	assert_int_equal(index, 2);
	assert_int_equal(scalar_word("paket", words, &index, &why), -EINVAL);
	assert_string_equal(why.text, "wanted none, meta or packet, found paket (did you mean packet?)");
	assert_int_equal(scalar_word("PACKET", words, &index, &why), -EINVAL);
	assert_string_equal(why.text, "wanted none, meta or packet, found PACKET (did you mean packet?)");
	assert_int_equal(scalar_word("everything", words, &index, &why), -EINVAL);
	assert_string_equal(why.text, "wanted none, meta or packet, found everything");
	assert_int_equal(scalar_word("", words, &index, &why), -EINVAL);
}

static void test_verdict(void **state)
{
	static const struct {
		const char *text;
		nfv_verdict verdict;
		const char *words;
	} cases[] = {
		{ "accept", NFV_ACCEPT, NULL },
		{ "drop", NFV_DROP, NULL },
		{ "continue", NFV_CONTINUE, NULL },
		{ "repeat", NFV_REPEAT, NULL },
		{ "queue 0", NFV_QUEUE(0), NULL },
		{ "queue 65535", NFV_QUEUE(65535), NULL },
		{ "queue 65536", 0, "queue: 65536 is above 65535" },
		{ "queue", 0, "without a number" },
		{ "queue N", 0, "without a number" },
		{ "queue x", 0, "queue: wanted a number, found x" },
		{ "queue  1", 0, "queue: wanted a number" },
		{ "hold", 0, "wanted accept, drop, continue, repeat or queue N, found hold" },
		{ "acept", 0, "did you mean accept?" },
		{ "", 0, "wanted accept" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		nfv_verdict verdict = 77;
		struct why why = { "" };
		int err = scalar_verdict(cases[i].text, &verdict, &why);

		if (cases[i].words ? !err || verdict != 77 || !strstr(why.text, cases[i].words)
				   : err || verdict != cases[i].verdict)
			fail_msg("%s: %d, %u, %s", cases[i].text, err, verdict, why.text);
	}
}

static void test_bytes(void **state)
{
	static const struct {
		const char *text, *bytes;
		size_t len;
		const char *words;
	} cases[] = {
		{ "GET|20|/", "GET /", 5, NULL },
		{ "", "", 0, NULL },
		{ "|00 ff|x|0A|", "\0\377x\n", 4, NULL },
		{ "|0d0a|", "\r\n", 2, NULL },
		{ "|7c|", "|", 1, NULL },
		{ "| 7c |", "|", 1, NULL },
		{ "a|b", NULL, 0, "'" },
		{ "|2|", NULL, 0, "a lone hex digit 2" },
		{ "|2 0|", NULL, 0, "a lone hex digit 2" },
		{ "|20", NULL, 0, "not closed" },
		{ "|", NULL, 0, "not closed" },
		{ "||", NULL, 0, "nothing between two bars" },
		{ "|zz|", NULL, 0, "'z' between bars is no hex digit" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* No larger than promised, so that the sanitizer sees a byte too many. */
		uint8_t *out = malloc(strlen(cases[i].text) + 1);
		struct why why = { "" };
		size_t len;
		int err = scalar_bytes(cases[i].text, out, &len, &why);

		if (cases[i].words ? !err || !why.text[0] || (cases[i].words[1] && !strstr(why.text, cases[i].words))
				   : err || len != cases[i].len || memcmp(out, cases[i].bytes, len))
			fail_msg("%s: %d, %zu bytes, %s", cases[i].text, err, len, why.text);
		free(out);
	}
}

static void test_length(void **state)
{
	struct why why;

	(void)state;
	assert_int_equal(scalar_length(100, 0, 0, &why), 0);
	assert_int_equal(scalar_length(4, 4, 4, &why), 0);
	assert_int_equal(scalar_length(0, 1, 4, &why), -ERANGE);
	assert_string_equal(why.text, "is empty");
	assert_int_equal(scalar_length(1, 2, 4, &why), -ERANGE);
	assert_string_equal(why.text, "1 bytes long, which is below 2");
	assert_int_equal(scalar_length(5, 2, 4, &why), -ERANGE);
	assert_string_equal(why.text, "5 bytes long, which is above 4");
}

static void test_print(void **state)
{
	char out[32];

	(void)state;
	scalar_print_size(0, out, sizeof(out));
	assert_string_equal(out, "0");
	scalar_print_size(65536, out, sizeof(out));
	assert_string_equal(out, "64K");
	scalar_print_size(65537, out, sizeof(out));
	assert_string_equal(out, "65537");
	scalar_print_duration(500000, out, sizeof(out));
	assert_string_equal(out, "500us");
	scalar_print_duration(UINT64_C(90000000000), out, sizeof(out));
	assert_string_equal(out, "90s");
}

/* A bad value of any length gives a cause that is cut, not one that overflows. */
static void test_long_values(void **state)
{
	static const char *const words[] = { "one", "two", NULL };
	char text[5000], out[5000];
	struct nfv_mark mark;
	struct nfv_range range;
	nfv_verdict verdict;
	struct why why;
	uint64_t value;
	size_t index;
	bool flag;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_true(scalar_uint(text, 0, 0, &value, &why) < 0);
	assert_true(scalar_size(text, 0, 0, &value, &why) < 0);
	assert_true(scalar_duration(text, 0, 0, &value, &why) < 0);
	assert_true(scalar_range(text, 0, 0, &range, &why) < 0);
	assert_true(scalar_mark(text, &mark, &why) < 0);
	assert_true(scalar_verdict(text, &verdict, &why) < 0);
	assert_true(scalar_bool(text, &flag, &why) < 0);
	assert_true(scalar_word(text, words, &index, &why) < 0);
	assert_true(strlen(why.text) < 128);
	assert_int_equal(scalar_bytes(text, (uint8_t *)out, &index, &why), 0);
	assert_int_equal(index, sizeof(text) - 1);
	memset(text, '9', sizeof(text) - 1);
	assert_true(scalar_uint(text, 0, 0, &value, &why) < 0);
	assert_true(strlen(why.text) < 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uint),   cmocka_unit_test(test_size),    cmocka_unit_test(test_duration),
		cmocka_unit_test(test_range),  cmocka_unit_test(test_mark),    cmocka_unit_test(test_bool),
		cmocka_unit_test(test_word),   cmocka_unit_test(test_verdict), cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_length), cmocka_unit_test(test_print),   cmocka_unit_test(test_long_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
