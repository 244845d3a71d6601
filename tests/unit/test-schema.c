/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/schema.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

struct inner {
	uint64_t first; /* at the group's own address */
	bool flag;
};

struct rule {
	const char *match;
	nfv_verdict verdict;
	struct nfv_mark mark;
	struct inner inner;
};

struct peer {
	const char *name;
	uint64_t port;
	struct nfv_list rules;
};

struct all {
	bool flag;
	uint64_t number, number_or_word, size, time;
	const char *text, *absent;
	int choice;
	struct nfv_mark mark;
	nfv_verdict verdict;
	struct nfv_bytes bytes;
	struct nfv_range range;
	struct nfv_list numbers, texts, flags, defaults;
	struct inner group;
	struct nfv_list rules, peers;
};

static const struct nfv_option inner_table[] = {
	{ .name = "first",
	  .type = NFV_OPT_UINT,
	  .offset = offsetof(struct inner, first),
	  .fallback = "3",
	  .help = "A number." },
	{ .name = "flag", .type = NFV_OPT_BOOL, .flags = NFV_OPT_REQUIRED, .offset = offsetof(struct inner, flag) },
	{ .name = NULL },
};

static const struct nfv_option rule_table[] = {
	{ .name = "match", .type = NFV_OPT_STRING, .flags = NFV_OPT_REQUIRED, .offset = offsetof(struct rule, match) },
	{ .name = "verdict", .type = NFV_OPT_VERDICT, .offset = offsetof(struct rule, verdict), .fallback = "drop" },
	{ .name = "mark", .type = NFV_OPT_MARK, .offset = offsetof(struct rule, mark) },
	{ .name = "inner",
	  .type = NFV_OPT_GROUP,
	  .offset = offsetof(struct rule, inner),
	  .group = inner_table,
	  .group_size = sizeof(struct inner) },
	{ .name = NULL },
};

static const struct nfv_option peer_table[] = {
	{ .name = "port",
	  .type = NFV_OPT_UINT,
	  .offset = offsetof(struct peer, port),
	  .min = 1,
	  .max = 65535,
	  .fallback = "80" },
	{ .name = "rules",
	  .type = NFV_OPT_GROUPS,
	  .offset = offsetof(struct peer, rules),
	  .group = rule_table,
	  .group_size = sizeof(struct rule) },
	{ .name = NULL },
};

#define ALL(field) offsetof(struct all, field)

static const struct nfv_option all_table[] = {
	{ .name = "flag", .type = NFV_OPT_BOOL, .offset = ALL(flag), .fallback = "true" },
	{ .name = "number", .type = NFV_OPT_UINT, .offset = ALL(number), .min = 5, .max = 10, .fallback = "7" },
	{ .name = "number-or-word",
	  .type = NFV_OPT_UINT,
	  .offset = ALL(number_or_word),
	  .words = WORDS("auto", "off"),
	  .max = 9,
	  .fallback = "off" },
	{ .name = "size", .type = NFV_OPT_SIZE, .offset = ALL(size), .fallback = "2K" },
	{ .name = "time", .type = NFV_OPT_DURATION, .offset = ALL(time), .fallback = "60us" },
	{ .name = "text", .type = NFV_OPT_STRING, .offset = ALL(text), .min = 2, .max = 5 },
	{ .name = "absent", .type = NFV_OPT_STRING, .offset = ALL(absent) },
	{ .name = "choice",
	  .type = NFV_OPT_CHOICE,
	  .offset = ALL(choice),
	  .words = WORDS("red", "green", "blue"),
	  .fallback = "green" },
	{ .name = "mark", .type = NFV_OPT_MARK, .offset = ALL(mark) },
	{ .name = "verdict", .type = NFV_OPT_VERDICT, .offset = ALL(verdict), .fallback = "queue 7" },
	{ .name = "bytes", .type = NFV_OPT_BYTES, .offset = ALL(bytes), .min = 1, .max = 8 },
	{ .name = "range", .type = NFV_OPT_RANGE, .offset = ALL(range), .min = 1, .max = 100, .fallback = "2-4" },
	{ .name = "numbers", .type = NFV_OPT_UINT, .flags = NFV_OPT_LIST, .offset = ALL(numbers), .max = 99 },
	{ .name = "texts", .type = NFV_OPT_STRING, .flags = NFV_OPT_LIST, .offset = ALL(texts) },
	{ .name = "flags", .type = NFV_OPT_BOOL, .flags = NFV_OPT_LIST, .offset = ALL(flags) },
	{ .name = "defaults", .type = NFV_OPT_RANGE, .flags = NFV_OPT_LIST, .offset = ALL(defaults), .fallback = "1-2" },
	{ .name = "group",
	  .type = NFV_OPT_GROUP,
	  .offset = ALL(group),
	  .group = inner_table,
	  .group_size = sizeof(struct inner) },
	{ .name = "rules",
	  .type = NFV_OPT_GROUPS,
	  .offset = ALL(rules),
	  .group = rule_table,
	  .group_size = sizeof(struct rule) },
	{ .name = "peers",
	  .type = NFV_OPT_NAMED_GROUPS,
	  .offset = ALL(peers),
	  .group = peer_table,
	  .group_size = sizeof(struct peer),
	  .help = "Peers." },
	{ .name = NULL },
};

/* The tree must outlive nothing: values are copies, only places refer to the file's name. */
static struct values *apply(const struct nfv_option *table, size_t size, const char *text, struct report *report)
{
	struct node *tree = tree_parse("t", text, strlen(text), report);
	struct values *values;

	assert_non_null(tree);
	values = schema_apply(table, size, tree, (struct place){ "t", 1, 1 }, "handler x", NULL, report);
	tree_free(tree);
	return values;
}

static struct values *fill(const char *text)
{
	struct report report = { 0 };
	struct values *values = apply(all_table, sizeof(struct all), text, &report);

	report_print(&report, stderr);
	assert_int_equal(report.count, 0);
	assert_non_null(values);
	return values;
}

static void assert_refused(const struct nfv_option *table, size_t size, const char *text, const char *expected)
{
	struct report report = { 0 };
	char *lines = NULL;
	size_t len;
	FILE *out;

	assert_null(apply(table, size, text, &report));
	out = open_memstream(&lines, &len);
	report_sort(&report);
	report_print(&report, out);
	fclose(out);
	assert_string_equal(lines, expected);
	free(lines);
	report_clear(&report);
}

static void refuse(const char *text, const char *expected)
{
	assert_refused(all_table, sizeof(struct all), text, expected);
}

static void assert_field(const struct values *values, const void *field, bool given, unsigned line, unsigned column,
			 const char *path)
{
	struct place place;

	assert_int_equal(values_place(values, field, &place), given);
	assert_int_equal(place.line, line);
	assert_int_equal(place.column, column);
	assert_string_equal(values_path(values, field), path);
}

static void check_defaults(const struct all *all)
{
	assert_true(all->flag);
	assert_int_equal(all->number, 7);
	assert_true(all->number_or_word == NFV_WORD(1));
	assert_int_equal(all->size, 2048);
	assert_int_equal(all->time, 60000);
	assert_null(all->text);
	assert_int_equal(all->choice, 1);
	assert_int_equal(all->mark.mask, 0);
	assert_int_equal(all->verdict, NFV_QUEUE(7));
	assert_null(all->bytes.data);
	assert_int_equal(all->range.first, 2);
	assert_int_equal(all->range.last, 4);
	assert_int_equal(all->numbers.count, 0);
	assert_null(all->numbers.items);
	assert_int_equal(all->defaults.count, 1);
	assert_int_equal(((struct nfv_range *)all->defaults.items)->last, 2);
	assert_int_equal(all->group.first, 3);
	assert_int_equal(all->rules.count, 0);
}

static void test_defaults(void **state)
{
	struct values *values = fill("{}"), *nothing = fill("");
	struct all *all = values_data(values);
	struct report report = { 0 };

	(void)state;
	check_defaults(all);
	check_defaults(values_data(nothing));
	assert_field(values, &all->number, false, 1, 1, "number");
	assert_field(values, &all->group.flag, false, 1, 1, "group: flag");
	values_free(nothing);
	values_free(values);
	values = schema_apply(all_table, sizeof(*all), NULL, (struct place){ "t", 8, 9 }, "x", NULL, &report);
	check_defaults(values_data(values));
	values_free(values);
	values_free(NULL);
}

static void test_every_type(void **state)
{
	struct values *values =
		fill("flag: false\nnumber: 0x9\nnumber-or-word: auto\nsize: 1M\ntime: 2s\ntext: 123\nchoice: blue\n"
		     "mark: 0x10/0xf0\nverdict: queue 9\nbytes: a|20|b\nrange: 7\nnumbers: [1, 2, 0x3]\ntexts: one\n"
		     "flags: [true, false]\ndefaults: []\ngroup: { first: 4, flag: true }\n");
	struct all *all = values_data(values);

	(void)state;
	assert_false(all->flag);
	assert_int_equal(all->number, 9);
	assert_true(all->number_or_word == NFV_WORD(0));
	assert_int_equal(all->size, 1 << 20);
	assert_int_equal(all->time, 2000000000);
	assert_string_equal(all->text, "123");
	assert_int_equal(all->choice, 2);
	assert_int_equal(all->mark.value, 0x10);
	assert_int_equal(all->mark.mask, 0xf0);
	assert_int_equal(all->verdict, NFV_QUEUE(9));
	assert_int_equal(all->bytes.len, 3);
	assert_memory_equal(all->bytes.data, "a b", 3);
	assert_int_equal(all->range.first, 7);
	assert_int_equal(all->range.last, 7);
	assert_int_equal(all->numbers.count, 3);
	assert_int_equal(((uint64_t *)all->numbers.items)[2], 3);
	assert_int_equal(all->texts.count, 1);
	assert_string_equal(*(const char **)all->texts.items, "one");
	assert_int_equal(all->flags.count, 2);
	assert_true(((bool *)all->flags.items)[0]);
	assert_false(((bool *)all->flags.items)[1]);
	assert_int_equal(all->defaults.count, 0);
	assert_int_equal(all->group.first, 4);
	assert_true(all->group.flag);
	assert_field(values, &all->number, true, 2, 9, "number");
	assert_field(values, (uint64_t *)all->numbers.items + 1, true, 12, 14, "numbers 2");
	assert_field(values, &all->numbers, true, 12, 10, "numbers");
	assert_field(values, &all->group.first, true, 16, 17, "group: first");
	assert_field(values, &all->absent, false, 1, 1, "absent");
	assert_field(values, &state, false, 1, 1, "");
	values_free(values);
}

static void test_groups(void **state)
{
	struct values *values = fill("rules:\n  - match: a\n  - { match: b, verdict: accept, inner: { flag: true } }\n"
				     "peers:\n  alpha:\n    port: 8080\n    rules: [{ match: c }]\n  beta:\n");
	struct all *all = values_data(values);
	struct rule *rules = all->rules.items;
	struct peer *peers = all->peers.items;

	(void)state;
	assert_int_equal(all->rules.count, 2);
	assert_string_equal(rules[0].match, "a");
	assert_int_equal(rules[0].verdict, NFV_DROP);
	assert_int_equal(rules[0].inner.first, 3);
	assert_int_equal(rules[1].verdict, NFV_ACCEPT);
	assert_true(rules[1].inner.flag);
	assert_int_equal(all->peers.count, 2);
	assert_string_equal(peers[0].name, "alpha");
	assert_int_equal(peers[0].port, 8080);
	assert_string_equal(((struct rule *)peers[0].rules.items)->match, "c");
	assert_string_equal(peers[1].name, "beta");
	assert_int_equal(peers[1].port, 80);
	assert_field(values, &rules[0].match, true, 2, 12, "rules 1: match");
	assert_field(values, &rules[0].verdict, false, 2, 5, "rules 1: verdict");
	assert_field(values, &rules[1].inner.flag, true, 3, 49, "rules 2: inner: flag");
	/* A default inside a group that is there has the group's place. */
	assert_field(values, &rules[1].inner.first, false, 3, 34, "rules 2: inner: first");
	assert_field(values, &peers[0].port, true, 6, 11, "peers alpha: port");
	assert_field(values, &peers[0].name, true, 5, 3, "peers alpha");
	assert_field(values, &((struct rule *)peers[0].rules.items)->match, true, 7, 22, "peers alpha: rules 1: match");
	assert_field(values, &peers[1].port, false, 8, 3, "peers beta: port");
	values_free(values);
}

/* JSON has no way but quotes for a duration, a mark, a range, a word: those are taken, numbers and booleans are not. */
static void test_quoted(void **state)
{
	struct values *values =
		fill("{\"time\": \"5ms\", \"mark\": \"1/1\", \"range\": \"3-4\", \"verdict\": \"drop\", \"choice\": \"red\","
		     "\"number-or-word\": \"off\", \"text\": \"12\"}");

	(void)state;
	values_free(values);
	refuse("number: '7'\nflag: \"true\"\nsize: '4K'\n",
	       "t:1:9: handler x: number: \"7\" is in quotes, which makes it a text: wanted a number without quotes\n"
	       "t:2:7: handler x: flag: \"true\" is in quotes, which makes it a text: wanted true or false without quotes\n"
	       "t:3:7: handler x: size: \"4K\" is in quotes, which makes it a text: wanted a size without quotes\n");
}

static void test_all_mistakes(void **state)
{
	(void)state;
	refuse("flag: yes\nnumber: 11\ntext: toolong\nbytes: ''\nrange: 0-3\nnumbers: [1, x, 100]\nmark: "
	       "0x1f/0xf0\nverdikt: drop\n"
	       "group: [a]\nrules: { match: a }\npeers: [a]\ntexts:\nchoice: { a: b }\n",
	       "t:1:7: handler x: flag: wanted true or false, found yes\n"
	       "t:2:9: handler x: number: 11 is above 10\n"
	       "t:3:7: handler x: text: 7 bytes long, which is above 5\n"
	       "t:4:8: handler x: bytes: is empty\n"
	       "t:5:8: handler x: range: 0 is below 1\n"
	       "t:6:14: handler x: numbers 2: wanted a number, found x\n"
	       "t:6:17: handler x: numbers 3: 100 is above 99\n"
	       "t:7:7: handler x: mark: 0x1f/0xf0: bits 0xf of the value are outside of the mask\n"
	       "t:8:1: handler x: unknown key verdikt (did you mean verdict?)\n"
	       "t:9:8: handler x: group: wanted a mapping of keys, found a list\n"
	       "t:10:8: handler x: rules: wanted a list of mappings, found a mapping\n"
	       "t:11:8: handler x: peers: wanted a mapping of names, found a list\n"
	       "t:12:7: handler x: texts: wanted a list ([] for an empty one), found nothing\n"
	       "t:13:9: handler x: choice: wanted a word, found a mapping\n");
	refuse("rules:\n  - { verdict: hold, mark: x }\n  - match: a\n    inner: {}\n    colour: red\npeers:\n  a:\n    "
	       "port: 0\n",
	       "t:2:5: handler x: rules 1: match: is missing\n"
	       "t:2:16: handler x: rules 1: verdict: wanted accept, drop, continue, repeat or queue N, found hold\n"
	       "t:2:28: handler x: rules 1: mark: wanted a mark such as 0x10 or 0x10/0xf0, found x\n"
	       "t:4:5: handler x: rules 2: inner: flag: is missing\n"
	       "t:5:5: handler x: rules 2: unknown key colour\n"
	       "t:8:11: handler x: peers a: port: 0 is below 1\n");
	refuse("[]", "t:1:1: handler x: wanted a mapping of keys, found a list\n");
}

static void test_skip(void **state)
{
	static const char *const skip[] = { "plugin", NULL };
	static const char text[] = "plugin: [anything]\nnumber: 6\n";
	struct report report = { 0 };
	struct node *tree = tree_parse("t", text, strlen(text), &report);
	struct values *values = schema_apply(all_table, sizeof(struct all), tree, tree->place, "x", skip, &report);

	(void)state;
	assert_non_null(values);
	assert_int_equal(((struct all *)values_data(values))->number, 6);
	values_free(values);
	/* A handler without options has no table. */
	assert_null(schema_apply(NULL, 0, tree, tree->place, "handler x", skip, &report));
	assert_string_equal(report.entries[0].text, "handler x: unknown key number");
	tree_free(tree);
	report_clear(&report);
}

/* What the tree told already makes the values unfit for use, without another line. */
static void test_told_already(void **state)
{
	static const char *const texts[] = { "text: *x\n",  "texts: [a, *x]\n", "rules: [{match: m}, *x]\n",
					     "group: *x\n", "peers: {a: *x}\n", "<<: *x\n",
					     "*x" };
	static const struct nfv_option required[] = {
		{ .name = "r", .type = NFV_OPT_UINT, .flags = NFV_OPT_REQUIRED, .max = 9 }, { .name = NULL }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bool merged = !strncmp(texts[i], "<<", 2);
		struct report report = { 0 };

		assert_null(apply(merged ? required : all_table, sizeof(struct all), texts[i], &report));
		if (report.count != 1 || !strstr(report.entries[0].text, "alias"))
			fail_msg("%s: %zu lines, the first: %s", texts[i], report.count, report.entries[0].text);
		report_clear(&report);
	}
}

static void assert_table(const struct nfv_option *table, size_t size, const char *expected)
{
	char why[256] = "";
	int err = schema_check_table(table, size, why, sizeof(why));

	assert_int_equal(err, expected ? -EINVAL : 0);
	if (expected && !strstr(why, expected))
		fail_msg("found \"%s\", expected \"%s\"", why, expected);
}

#define ASSERT_OPTION(expected, ...)                                                                                        \
	assert_table((const struct nfv_option[]){ { .name = "a", __VA_ARGS__ }, { .name = NULL } }, 64, expected)

static void test_tables(void **state)
{
	struct nfv_option deep[6][2] = { 0 }, endless[300], twice[3] = { 0 };
	char names[300][8];
	struct nfv_option named[] = { { .name = "n", .type = NFV_OPT_BOOL, .offset = 4 }, { .name = NULL } };

	(void)state;
	assert_table(all_table, sizeof(struct all), NULL);
	assert_table(NULL, 0, NULL);
	ASSERT_OPTION(NULL, .type = NFV_OPT_UINT, .offset = 56);
	ASSERT_OPTION("option a: lies outside of the options' 64 bytes", .type = NFV_OPT_UINT, .offset = 64);
	ASSERT_OPTION("lies outside", .type = NFV_OPT_BYTES, .offset = 56);
	ASSERT_OPTION("lies outside", .type = NFV_OPT_BOOL, .offset = SIZE_MAX);
	ASSERT_OPTION("lies outside", .type = NFV_OPT_BOOL, .flags = NFV_OPT_LIST, .offset = 56);
	ASSERT_OPTION("not aligned to 8", .type = NFV_OPT_UINT, .offset = 4);
	ASSERT_OPTION("unknown type 99", .type = (enum nfv_option_type)99);
	ASSERT_OPTION("the daemon's alone", .type = NFV_OPT_ANY);
	ASSERT_OPTION("unknown flags 0x80", .type = NFV_OPT_BOOL, .flags = 0x80);
	ASSERT_OPTION("min above its max", .type = NFV_OPT_UINT, .min = 5, .max = 4);
	ASSERT_OPTION("no words", .type = NFV_OPT_CHOICE);
	ASSERT_OPTION("no words", .type = NFV_OPT_CHOICE, .words = (const char *const[]){ NULL });
	ASSERT_OPTION("does not take", .type = NFV_OPT_STRING, .words = WORDS("x"));
	ASSERT_OPTION("values of its words", .type = NFV_OPT_UINT, .words = WORDS("x"), .min = 1, .max = UINT64_MAX);
	ASSERT_OPTION("wrong default: 9 is above 5", .type = NFV_OPT_UINT, .min = 1, .max = 5, .fallback = "9");
	ASSERT_OPTION("wrong default", .type = NFV_OPT_BOOL, .fallback = "yes");
	ASSERT_OPTION("wrong default", .type = NFV_OPT_CHOICE, .words = WORDS("x", "y"), .fallback = "z");
	ASSERT_OPTION("required and has a default", .type = NFV_OPT_UINT, .flags = NFV_OPT_REQUIRED, .max = 9,
		      .fallback = "1");
	ASSERT_OPTION("without a table", .type = NFV_OPT_GROUP);
	ASSERT_OPTION("without a table", .type = NFV_OPT_GROUPS, .group = inner_table);
	ASSERT_OPTION("group and a list", .type = NFV_OPT_GROUPS, .flags = NFV_OPT_LIST, .group = inner_table,
		      .group_size = sizeof(struct inner));
	ASSERT_OPTION("a group with a default", .type = NFV_OPT_GROUPS, .fallback = "x", .group = inner_table,
		      .group_size = sizeof(struct inner));
	ASSERT_OPTION("option first: lies outside", .type = NFV_OPT_GROUPS, .group = inner_table, .group_size = 4);
	ASSERT_OPTION("lies outside", .type = NFV_OPT_GROUP, .offset = 56, .group = inner_table,
		      .group_size = sizeof(struct inner));
	ASSERT_OPTION("at offset 4, which is not aligned to 8", .type = NFV_OPT_GROUP, .offset = 4, .group = inner_table,
		      .group_size = sizeof(struct inner));
	ASSERT_OPTION("structs of 20 bytes, which is no multiple of 8", .type = NFV_OPT_GROUPS, .group = inner_table,
		      .group_size = 20);
	ASSERT_OPTION("no multiple of 8", .type = NFV_OPT_NAMED_GROUPS, .group = &named[1], .group_size = 12);
	ASSERT_OPTION("no room for a name", .type = NFV_OPT_NAMED_GROUPS, .group = named, .group_size = 5);
	ASSERT_OPTION("n lies where the name stands", .type = NFV_OPT_NAMED_GROUPS, .group = named, .group_size = 16);
	assert_table((const struct nfv_option[]){ { .name = "" }, { .name = NULL } }, 8, "option 1: wanted a name");
	assert_table((const struct nfv_option[]){ { .name = "a b" }, { .name = NULL } }, 8, "option 1: wanted a name");

	twice[0].name = "a";
	twice[1].name = "a";
	assert_table(twice, 8, "stands in the table twice");

	for (size_t i = 0; i < 299; i++) {
		snprintf(names[i], sizeof(names[i]), "n%zu", i);
		endless[i] = (struct nfv_option){ .name = names[i], .offset = i };
	}
	endless[299] = (struct nfv_option){ .name = NULL };
	assert_table(endless, 300, "more than 256 options");

	/* Four groups inside one another are taken, five are not. */
	for (size_t i = 0; i < 5; i++)
		deep[i][0] =
			(struct nfv_option){ .name = "g", .type = NFV_OPT_GROUPS, .group = deep[i + 1], .group_size = 16 };
	deep[5][0] = (struct nfv_option){ .name = "leaf", .type = NFV_OPT_BOOL };
	assert_table(deep[1], 16, NULL);
	assert_table(deep[0], 16, "nested deeper than 4");
	/* One that holds itself. */
	deep[5][0] = deep[4][0];
	deep[5][0].group = deep[5];
	assert_table(deep[5], 16, "nested deeper than 4");
}

static void test_overlap(void **state)
{
	struct nfv_option table[] = {
		{ .name = "a", .type = NFV_OPT_UINT, .offset = 8, .max = 9 },
		{ .name = "b", .type = NFV_OPT_BOOL, .offset = 15 },
		{ .name = NULL },
	};
	const struct nfv_option group[] = {
		{ .name = "g", .type = NFV_OPT_GROUP, .group = inner_table, .group_size = sizeof(struct inner) },
		{ .name = "b", .type = NFV_OPT_BOOL, .offset = sizeof(struct inner) - 1 },
		{ .name = NULL },
	};

	(void)state;
	assert_table(table, 32, "option b: lies at offset 15, where a lies too");
	table[1].offset = 16;
	assert_table(table, 32, NULL);
	table[1].offset = 7;
	assert_table(table, 32, NULL);
	table[1].type = NFV_OPT_UINT;
	table[1].offset = 0;
	assert_table(table, 32, NULL);
	table[1].type = NFV_OPT_BYTES;
	assert_table(table, 32, "where a lies too");
	assert_table(group, 64, "where g lies too");
}

static void test_print_controls(void **state)
{
	const struct nfv_option table[] = {
		{ .name = "a", .type = NFV_OPT_BOOL, .help = "one\033[31m\ntwo\x7f" },
		{ .name = NULL },
	};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	schema_print(table, 0, out);
	fclose(out);
	assert_string_equal(text, "a: true | false\n    one?[31m two?\n");
	free(text);
}

static void test_print(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	schema_print(all_table, 2, out);
	fclose(out);
	assert_non_null(strstr(text, "  flag: true | false; default true\n"));
	assert_non_null(strstr(text, "  number: number, 5 to 10; default 7\n"));
	assert_non_null(strstr(text, "  number-or-word: auto | off | number, 0 to 9; default off\n"));
	assert_non_null(strstr(text, "  text: text, 2 to 5 bytes\n"));
	assert_non_null(strstr(text, "  choice: red | green | blue; default green\n"));
	assert_non_null(strstr(text, "  group: mapping\n        first: number; default 3\n            A number.\n        "
				     "flag: true | false; required\n"));
	assert_non_null(strstr(
		text,
		"  peers: mapping of names to mappings\n      Peers.\n        port: number, 1 to 65535; default 80\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),     cmocka_unit_test(test_every_type),     cmocka_unit_test(test_groups),
		cmocka_unit_test(test_quoted),       cmocka_unit_test(test_all_mistakes),   cmocka_unit_test(test_skip),
		cmocka_unit_test(test_told_already), cmocka_unit_test(test_tables),         cmocka_unit_test(test_print),
		cmocka_unit_test(test_overlap),      cmocka_unit_test(test_print_controls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
