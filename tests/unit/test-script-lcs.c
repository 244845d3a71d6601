/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/script-lcs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define MAX 64

/* A string's letters as numbers. */
static size_t letters(const char *text, uint32_t *numbers)
{
	size_t count = strlen(text);

	for (size_t i = 0; i < count; i++)
		numbers[i] = (uint32_t)(text[i] - 'a');
	return count;
}

static void judge_pairs(const uint32_t *from, size_t from_count, const uint32_t *to, size_t to_count,
			const struct script_pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_true(pairs[i].from < from_count && pairs[i].to < to_count);
		assert_int_equal(from[pairs[i].from], to[pairs[i].to]);
		if (i > 0)
			assert_true(pairs[i - 1].from < pairs[i].from && pairs[i - 1].to < pairs[i].to);
	}
}

/* The textbook's way, for comparison. */
static size_t slow_length(const uint32_t *from, size_t from_count, const uint32_t *to, size_t to_count)
{
	size_t best[MAX + 1][MAX + 1] = { { 0 } };

	for (size_t i = 1; i <= from_count; i++) {
		for (size_t j = 1; j <= to_count; j++) {
			size_t without = best[i - 1][j] > best[i][j - 1] ? best[i - 1][j] : best[i][j - 1];

			best[i][j] = from[i - 1] == to[j - 1] ? best[i - 1][j - 1] + 1 : without;
		}
	}
	return best[from_count][to_count];
}

static void judge(const uint32_t *from, size_t from_count, const uint32_t *to, size_t to_count, uint32_t classes)
{
	struct script_pair pairs[MAX];
	size_t count;

	assert_int_equal(script_lcs(from, from_count, to, to_count, classes, pairs, &count), 0);
	judge_pairs(from, from_count, to, to_count, pairs, count);
	assert_int_equal(count, slow_length(from, from_count, to, to_count));
}

static void test_small(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },           { "a", "" },         { "", "a" },       { "a", "a" },        { "a", "b" },
		{ "abc", "abc" },     { "abc", "cba" },    { "abcd", "bcda" }, { "aaaa", "aa" },    { "abab", "baba" },
		{ "abcabba", "cbabac" }, { "aab", "aba" },
	};
	uint32_t from[MAX], to[MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t from_count = letters(cases[i][0], from), to_count = letters(cases[i][1], to);

		judge(from, from_count, to, to_count, 26);
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void test_random(void **state)
{
	uint32_t from[MAX], to[MAX], seed = 7;

	(void)state;
	for (size_t round = 0; round < 3000; round++) {
		uint32_t classes = 1 + next_random(&seed) % 40;
		size_t from_count = next_random(&seed) % (MAX + 1), to_count = next_random(&seed) % (MAX + 1);

		for (size_t i = 0; i < from_count; i++)
			from[i] = next_random(&seed) % classes;
		for (size_t j = 0; j < to_count; j++)
			to[j] = next_random(&seed) % classes;
		judge(from, from_count, to, to_count, classes);
	}
}

/* All pairs of two long rows of few numbers would be billions. */
static void test_bound(void **state)
{
	const size_t count = 60000;
	uint32_t *from = calloc(count, sizeof(*from)), *to = calloc(count, sizeof(*to)), seed = 1;
	struct script_pair *pairs = calloc(count, sizeof(*pairs));
	clock_t begin = clock();
	size_t found;

	(void)state;
	assert_non_null(from);
	assert_non_null(to);
	assert_non_null(pairs);
	for (size_t i = 0; i < count; i++) {
		from[i] = next_random(&seed) % 3;
		to[i] = next_random(&seed) % 3;
	}
	assert_int_equal(script_lcs(from, count, to, count, 3, pairs, &found), 0);
	judge_pairs(from, count, to, count, pairs, found);
	assert_true(found > count / 100);
	/* Equal rows are found equal by the cheaper search too. */
	assert_int_equal(script_lcs(from, count, from, count, 3, pairs, &found), 0);
	assert_int_equal(found, count);
	assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 5);
	free(pairs);
	free(to);
	free(from);
}

/* Numbers that come once each, in the opposite order and in another one. */
static void test_unique(void **state)
{
	const size_t count = 50000;
	uint32_t *from = calloc(count, sizeof(*from)), *to = calloc(count, sizeof(*to));
	struct script_pair *pairs = calloc(count, sizeof(*pairs));
	size_t found;

	(void)state;
	assert_non_null(from);
	assert_non_null(to);
	assert_non_null(pairs);
	for (size_t i = 0; i < count; i++) {
		from[i] = (uint32_t)i;
		to[i] = (uint32_t)(count - 1 - i);
	}
	assert_int_equal(script_lcs(from, count, to, count, (uint32_t)count, pairs, &found), 0);
	assert_int_equal(found, 1);
	/* The first moved to the end. */
	for (size_t i = 0; i < count; i++)
		to[i] = (uint32_t)((i + 1) % count);
	assert_int_equal(script_lcs(from, count, to, count, (uint32_t)count, pairs, &found), 0);
	assert_int_equal(found, count - 1);
	judge_pairs(from, count, to, count, pairs, found);
	free(pairs);
	free(to);
	free(from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
