/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests of handlers share: a plugin with options of every type, whose open() is the test's, and what surrounds
 * it.
 */
#ifndef HANDLER_BENCH_H
#define HANDLER_BENCH_H

#include "daemon/handler/handler.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct rule {
	const char *match;
	nfv_verdict verdict;
	struct nfv_mark mark;
};

struct table {
	const char *name;
	uint64_t weight;
};

struct options {
	bool flag;
	uint64_t number;
	uint64_t word;
	uint64_t size;
	uint64_t wait_ns;
	const char *text;
	const char *absent;
	int choice;
	struct nfv_mark mark;
	nfv_verdict verdict;
	struct nfv_bytes bytes;
	struct nfv_range range;
	struct nfv_list numbers; /* of uint64_t */
	struct rule one;
	struct nfv_list rules; /* of struct rule */
	struct nfv_list tables; /* of struct table */
};

static const char *const words[] = { "auto", "off", NULL };
static const char *const choices[] = { "red", "green", "blue", NULL };

static const struct nfv_option rule_table[] = {
	{ .name = "match", .type = NFV_OPT_STRING, .offset = offsetof(struct rule, match) },
	{ .name = "verdict", .type = NFV_OPT_VERDICT, .offset = offsetof(struct rule, verdict), .fallback = "continue" },
	{ .name = "mark", .type = NFV_OPT_MARK, .offset = offsetof(struct rule, mark) },
	{ .name = NULL },
};

static const struct nfv_option tables_table[] = {
	{ .name = "weight", .type = NFV_OPT_UINT, .offset = offsetof(struct table, weight), .fallback = "3" },
	{ .name = NULL },
};

#define FIELD(field) .offset = offsetof(struct options, field)

static const struct nfv_option option_table[] = {
	{ .name = "flag", .type = NFV_OPT_BOOL, FIELD(flag) },
	{ .name = "number", .type = NFV_OPT_UINT, FIELD(number), .fallback = "7", .min = 1, .max = 100 },
	{ .name = "word", .type = NFV_OPT_UINT, FIELD(word), .words = words, .fallback = "auto" },
	{ .name = "size", .type = NFV_OPT_SIZE, FIELD(size), .fallback = "4K" },
	{ .name = "wait", .type = NFV_OPT_DURATION, FIELD(wait_ns), .fallback = "2ms" },
	{ .name = "text", .type = NFV_OPT_STRING, FIELD(text), .fallback = "hello" },
	{ .name = "absent", .type = NFV_OPT_STRING, FIELD(absent) },
	{ .name = "choice", .type = NFV_OPT_CHOICE, FIELD(choice), .words = choices, .fallback = "green" },
	{ .name = "mark", .type = NFV_OPT_MARK, FIELD(mark) },
	{ .name = "verdict", .type = NFV_OPT_VERDICT, FIELD(verdict), .fallback = "drop" },
	{ .name = "bytes", .type = NFV_OPT_BYTES, FIELD(bytes) },
	{ .name = "range", .type = NFV_OPT_RANGE, FIELD(range), .fallback = "5-6", .max = 1000 },
	{ .name = "numbers", .type = NFV_OPT_UINT, .flags = NFV_OPT_LIST, FIELD(numbers) },
	{ .name = "one", .type = NFV_OPT_GROUP, FIELD(one), .group = rule_table, .group_size = sizeof(struct rule) },
	{ .name = "rules", .type = NFV_OPT_GROUPS, FIELD(rules), .group = rule_table, .group_size = sizeof(struct rule) },
	{ .name = "tables",
	  .type = NFV_OPT_NAMED_GROUPS,
	  FIELD(tables),
	  .group = tables_table,
	  .group_size = sizeof(struct table) },
	{ .name = NULL },
};

static int (*at_open)(const struct nfv_host *host, const struct options *o);
static unsigned opened, closed;
static int instance;

static int test_open(const struct nfv_host *host, const void *options, void **state)
{
	opened++;
	*state = &instance;
	return at_open ? at_open(host, options) : 0;
}

static void test_close(void *state)
{
	assert_ptr_equal(state, &instance);
	closed++;
}

static nfv_verdict test_packet(void *state, struct nfv_packet *packet)
{
	(void)state;
	(void)packet;
	return NFV_ACCEPT;
}

static struct nfv_plugin ops = {
	.name = "test",
	.needs_bytes = 40,
	.needs_metadata = NFV_META_UID,
	.options = option_table,
	.options_size = sizeof(struct options),
	.open = test_open,
	.packet = test_packet,
	.close = test_close,
};
static struct plugin plugin = { .ops = &ops, .path = (char *)"/lib/test.so" };

/* ---- Its surroundings ---- */

static char logged[2048];

static void env_log(void *context, const char *handler, enum nfv_log_level level, const char *text)
{
	(void)context;
	snprintf(logged, sizeof(logged), "%d %s: %s", level, handler, text);
}

static struct handler_env env = { .log = env_log, .queue = 5, .mark_mask = 0xff00 };
static struct handler_counters counters;
static struct handler handler;
static struct report report;
static struct node *tree;

static int open_text(const char *text, int (*fn)(const struct nfv_host *host, const struct options *o))
{
	const struct node *node;

	report_clear(&report);
	tree_free(tree);
	tree = tree_parse("test.yaml", text, strlen(text), &report);
	assert_non_null(tree);
	node = tree_get(tree, "h");
	at_open = fn;
	opened = closed = 0;
	return handler_open(&handler, &plugin, "h", node, node ? node->place : tree->place, &env, &counters, &report);
}

#endif
