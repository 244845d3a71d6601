/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is refused, and with which words, stands in tests/unit/config/bad/yaml-*; here: what the tree holds, and its
 * bounds.
 */
#include "daemon/config/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct node *parse(const char *text)
{
	struct report report = { 0 };
	struct node *root = tree_parse("t", text, strlen(text), &report);

	report_print(&report, stderr);
	assert_non_null(root);
	assert_int_equal(report.count, 0);
	return root;
}

static void refuse(const char *text, size_t len, const char *expected)
{
	struct report report = { 0 };

	assert_null(tree_parse("t", text, len, &report));
	assert_int_equal(report.count, 1);
	if (!strstr(report.entries[0].text, expected))
		fail_msg("found \"%s\", expected \"%s\"", report.entries[0].text, expected);
	assert_true(report.entries[0].line > 0);
	report_clear(&report);
}

static void assert_scalar(const struct node *node, const char *text, bool quoted, unsigned line, unsigned column)
{
	assert_non_null(node);
	assert_int_equal(node->kind, NODE_SCALAR);
	assert_string_equal(node->text, text);
	assert_int_equal(node->quoted, quoted);
	assert_int_equal(node->place.line, line);
	assert_int_equal(node->place.column, column);
}

static void test_shapes(void **state)
{
	struct node *root =
		parse("a: 1\n'b': [x, \"y\", {c: z}]\nd:\n  e: |\n    text\n  f: '1'\n  g: two words  # comment\n");
	const struct node *list = tree_get(root, "b"), *map = tree_get(root, "d");

	(void)state;
	assert_int_equal(root->kind, NODE_MAP);
	assert_int_equal(root->count, 3);
	assert_scalar(tree_get(root, "a"), "1", false, 1, 4);
	assert_int_equal(list->kind, NODE_LIST);
	assert_int_equal(list->key_place.line, 2);
	assert_int_equal(list->key_place.column, 1);
	assert_int_equal(list->count, 3);
	assert_scalar(&list->children[0], "x", false, 2, 7);
	assert_scalar(&list->children[1], "y", true, 2, 10);
	assert_scalar(tree_get(&list->children[2], "c"), "z", false, 2, 19);
	assert_scalar(tree_get(map, "e"), "text\n", true, 4, 6);
	assert_scalar(tree_get(map, "f"), "1", true, 6, 6);
	assert_scalar(tree_get(map, "g"), "two words", false, 7, 6);
	assert_null(tree_get(map, "h"));
	assert_null(tree_get(list, "h"));
	assert_null(tree_get(NULL, "h"));
	tree_free(root);
	tree_free(NULL);
}

static void test_nothing(void **state)
{
	static const char *const empty[] = { "", "\n", "# comment\n", "---\n", "~", "null", "---\n...\n", "\xef\xbb\xbf" };

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		struct node *root = parse(empty[i]);

		assert_int_equal(root->kind, NODE_NULL);
		tree_free(root);
	}
}

static void test_null_values(void **state)
{
	struct node *root = parse("a:\nb: ~\nc: null\nd: ''\ne: Null\nf: 'null'\n");

	(void)state;
	assert_int_equal(tree_get(root, "a")->kind, NODE_NULL);
	assert_int_equal(tree_get(root, "b")->kind, NODE_NULL);
	assert_int_equal(tree_get(root, "c")->kind, NODE_NULL);
	assert_scalar(tree_get(root, "d"), "", true, 4, 4);
	assert_scalar(tree_get(root, "e"), "Null", false, 5, 4);
	assert_scalar(tree_get(root, "f"), "null", true, 6, 4);
	tree_free(root);
}

/* Columns count characters, as editors do; a byte order mark is none. */
static void test_columns(void **state)
{
	struct node *root = parse("\xef\xbb\xbf{\"\xc3\xb6\": \xf0\x9f\x90\xa7, b: 1}\r\n");

	(void)state;
	assert_scalar(tree_get(root, "\xc3\xb6"), "\xf0\x9f\x90\xa7", false, 1, 7);
	assert_scalar(tree_get(root, "b"), "1", false, 1, 13);
	tree_free(root);
}

static void test_json(void **state)
{
	struct node *root = parse("{\n\t\"a\": [1, true, null, \"x\\n\\u00f6\"],\n\t\"b\": {}\n}\n");
	const struct node *list = tree_get(root, "a");

	(void)state;
	assert_int_equal(list->count, 4);
	assert_int_equal(list->children[2].kind, NODE_NULL);
	assert_scalar(&list->children[3], "x\n\xc3\xb6", true, 2, 23);
	assert_int_equal(tree_get(root, "b")->kind, NODE_MAP);
	tree_free(root);
}

static char *repeat(const char *before, const char *piece, size_t count, const char *behind)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fputs(before, out);
	while (count--)
		fputs(piece, out);
	fputs(behind, out);
	fclose(out);
	return text;
}

static void test_depth(void **state)
{
	char *text = repeat("", "[", 32, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");

	(void)state;
	tree_free(parse(text));
	free(text);
	text = repeat("", "[", 33, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
	refuse(text, strlen(text), "nested deeper than 32");
	free(text);
	text = repeat("", "{a: ", 200, "");
	refuse(text, strlen(text), "nested deeper than 32");
	free(text);
}

static void test_nodes(void **state)
{
	char *text = repeat("", "- x\n", 99999, "");

	(void)state;
	tree_free(parse(text));
	free(text);
	text = repeat("", "- x\n", 100000, "");
	refuse(text, strlen(text), "more than 100000 values");
	free(text);
}

/* All of them are told, not only the first: what can be read on is read on. */
static void test_several(void **state)
{
	static const char text[] = "a: &x 1\nb: *x\nc: !t 1\nd: 1\nd: 2\nd: 3\n";
	struct report report = { 0 };
	struct node *root = tree_parse("t", text, strlen(text), &report);

	(void)state;
	assert_int_equal(report.count, 5);
	assert_scalar(tree_get(root, "a"), "1", false, 1, 4);
	assert_int_equal(tree_get(root, "b")->kind, NODE_UNUSABLE);
	assert_scalar(tree_get(root, "c"), "1", false, 3, 4);
	assert_int_equal(root->count, 4);
	assert_scalar(tree_get(root, "d"), "1", false, 4, 4);
	assert_true(tree_get(root, "d")->partial);
	assert_false(root->partial);
	tree_free(root);
	report_clear(&report);
}

/* What has no key to be found by goes with all that hangs on it, and its mapping knows. */
static void test_left_out(void **state)
{
	static const char text[] = "a: {[x, *y]: {q: 1}, *z : [1], c: 2}\n\"d\\0e\": 3\nf: {<<: *w, g: 4}\n---\nh: 5\n";
	struct report report = { 0 };
	struct node *root = tree_parse("t", text, strlen(text), &report);
	const struct node *a = tree_get(root, "a"), *f = tree_get(root, "f");

	(void)state;
	assert_int_equal(report.count, 6);
	assert_true(root->partial && a->partial && f->partial);
	assert_int_equal(root->count, 2);
	assert_int_equal(a->count, 1);
	assert_scalar(tree_get(a, "c"), "2", false, 1, 35);
	assert_int_equal(f->count, 1);
	assert_scalar(tree_get(f, "g"), "4", false, 3, 16);
	tree_free(root);
	report_clear(&report);
}

static void test_root_alias(void **state)
{
	struct report report = { 0 };
	struct node *root = tree_parse("t", "*x", 2, &report);

	(void)state;
	assert_int_equal(report.count, 1);
	assert_int_equal(root->kind, NODE_UNUSABLE);
	tree_free(root);
	report_clear(&report);
}

static void test_not_utf8(void **state)
{
	static const char *const wrong[] = {
		"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
		"\x80",     "\xe2\x82",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refuse(wrong[i], strlen(wrong[i]), "is not valid UTF-8");
	refuse("a\0b", 3, "NUL byte");
	refuse("\xc2\x80", 2, "control character");
	refuse("\x7f", 1, "control character");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),   cmocka_unit_test(test_nothing),    cmocka_unit_test(test_null_values),
		cmocka_unit_test(test_columns),  cmocka_unit_test(test_json),       cmocka_unit_test(test_depth),
		cmocka_unit_test(test_nodes),    cmocka_unit_test(test_several),    cmocka_unit_test(test_not_utf8),
		cmocka_unit_test(test_left_out), cmocka_unit_test(test_root_alias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
