/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/tokens.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The expected tokens are joined by "|". */
static void expect(const char *line, enum tokens_syntax syntax, const char *wanted)
{
	struct tokens tokens;
	struct text joined = { 0 };
	const char *why = NULL;

	assert_int_equal(tokens_split(&tokens, line, strlen(line), syntax, &why), 0);
	for (size_t i = 0; i < tokens.count; i++)
		text_printf(&joined, "%s%s", i ? "|" : "", tokens.items[i]);
	text_add(&joined, "", 0);
	assert_string_equal(joined.data, wanted);
	text_free(&joined);
	tokens_free(&tokens);
}

static void refuse(const char *line, size_t len, const char *wanted)
{
	struct tokens tokens;
	const char *why = NULL;

	assert_int_equal(tokens_split(&tokens, line, len, TOKENS_RESTORE, &why), -EINVAL);
	assert_string_equal(why, wanted);
	assert_null(tokens.items);
	assert_int_equal(tokens.count, 0);
}

static void test_splitting(void **state)
{
	(void)state;
	expect("", TOKENS_RESTORE, "");
	expect("  \t ", TOKENS_RESTORE, "");
	expect("-p tcp\t--dport  23", TOKENS_RESTORE, "-p|tcp|--dport|23");
	expect("--comment \"a b\" -x", TOKENS_RESTORE, "--comment|a b|-x");
	expect("\"\" a", TOKENS_RESTORE, "|a");
	expect("\"a\\\"b\\\\c\\'d\\x\"", TOKENS_RESTORE, "a\"b\\c'dx");
	expect("a\\b c'd e'", TOKENS_RESTORE, "a\\b|c'd|e'");
	/* A quote may open inside a token, and where it closes the token ends. */
	expect("a\"b c\"d", TOKENS_RESTORE, "ab c|d");
	expect("caf\303\251 $x `y`", TOKENS_RESTORE, "caf\303\251|$x|`y`");
}

/* Where each token stood, and which of them had quotes. */
static void test_marks(void **state)
{
	static const struct {
		unsigned column;
		bool quoted, has_quotes;
	} wanted[] = { { 2, false, false }, { 6, true, true }, { 11, false, true }, { 17, true, true }, { 19, false, false } };
	struct tokens tokens;
	const char *why = NULL, *text = " a   \"b c\"d\"e f\"\"\"g";

	(void)state;
	assert_int_equal(tokens_split(&tokens, text, strlen(text), TOKENS_RESTORE, &why), 0);
	assert_int_equal(tokens.count, sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < tokens.count; i++) {
		assert_int_equal(tokens.marks[i].column, wanted[i].column);
		assert_int_equal(tokens.marks[i].quoted, wanted[i].quoted);
		assert_int_equal(tokens.marks[i].has_quotes, wanted[i].has_quotes);
	}
	tokens_free(&tokens);
	assert_int_equal(tokens_split(&tokens, "a\nb", 3, TOKENS_RESTORE, &why), -EINVAL);
	assert_int_equal(tokens.wrong_column, 2);
	assert_int_equal(tokens_split(&tokens, "ab \"cd", 6, TOKENS_RESTORE, &why), -EINVAL);
	assert_int_equal(tokens.wrong_column, 4);
}

/* Names of interfaces and chains are printed raw. */
static void test_splitting_save(void **state)
{
	(void)state;
	expect("-i a\"b -j X", TOKENS_SAVE, "-i|a\"b|-j|X");
	expect("-i e\\f --comment \"x y\"", TOKENS_SAVE, "-i|e\\f|--comment|x y");
	expect("\"\"", TOKENS_SAVE, "");
}

static void test_hostile(void **state)
{
	(void)state;
	refuse("-p tcp\n-A INPUT", 16, "holds a newline");
	refuse("\"a\nb\"", 5, "holds a newline");
	refuse("\"a\\\nb\"", 6, "holds a newline");
	refuse("a\0b", 3, "holds a NUL byte");
	refuse("a\rb", 3, "holds a control character");
	refuse("a\033b", 3, "holds a control character");
	refuse("a\177b", 3, "holds a control character");
	refuse("\"abc", 4, "a quote is not closed");
	refuse("\"abc\\\"", 6, "a quote is not closed");
}

static void test_limits(void **state)
{
	char line[TOKENS_LINE_MAX + 2];
	struct tokens tokens;
	const char *why;

	(void)state;
	memset(line, 'a', sizeof(line));
	assert_int_equal(tokens_split(&tokens, line, TOKENS_TOKEN_MAX, TOKENS_RESTORE, &why), 0);
	assert_int_equal(strlen(tokens.items[0]), TOKENS_TOKEN_MAX);
	tokens_free(&tokens);
	refuse(line, TOKENS_TOKEN_MAX + 1, "a word is longer than 1023 bytes");
	refuse(line, TOKENS_LINE_MAX + 1, "longer than a line may be (10239 bytes)");

	for (size_t i = 1; i < sizeof(line); i += 2)
		line[i] = ' ';
	assert_int_equal(tokens_split(&tokens, line, 2 * TOKENS_MAX, TOKENS_RESTORE, &why), 0);
	assert_int_equal(tokens.count, TOKENS_MAX);
	tokens_free(&tokens);
	refuse(line, 2 * TOKENS_MAX + 1, "too many words");

	/* The most bytes that the tokens of a line can need. */
	for (size_t i = 0; i + 1 < 2 * TOKENS_MAX; i += 2)
		memcpy(line + i, "\"\"", 2);
	assert_int_equal(tokens_split(&tokens, line, 2 * TOKENS_MAX, TOKENS_RESTORE, &why), 0);
	assert_int_equal(tokens.count, TOKENS_MAX);
	tokens_free(&tokens);
}

static void quoted(const char *token, const char *wanted)
{
	struct text text = { 0 };
	struct tokens tokens;
	const char *why;

	tokens_quote(&text, token);
	assert_string_equal(text.data, wanted);
	for (int syntax = TOKENS_RESTORE; syntax <= TOKENS_SAVE; syntax++) {
		assert_int_equal(tokens_split(&tokens, text.data, text.len, syntax, &why), 0);
		assert_int_equal(tokens.count, 1);
		assert_string_equal(tokens.items[0], token);
		tokens_free(&tokens);
	}
	text_free(&text);
}

static void test_quoting(void **state)
{
	(void)state;
	quoted("abc_D-9", "abc_D-9");
	quoted("", "\"\"");
	quoted("10.0.0.0/8", "\"10.0.0.0/8\"");
	quoted("!", "\"!\"");
	quoted("a b\"c\\d'e", "\"a b\\\"c\\\\d\\'e\"");
	quoted("$(x)`y`;\t", "\"$(x)`y`;\t\"");
	quoted("caf\303\251", "\"caf\303\251\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_splitting),
		cmocka_unit_test(test_marks), cmocka_unit_test(test_splitting_save), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_limits),    cmocka_unit_test(test_quoting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
