/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each allocation that the reading of a configuration makes fails once: it ends with a mistake that names the file, and
 * what it took is given back. The linker puts our functions before the allocator's (--wrap); libyaml keeps its own.
 */
#include "daemon/config/config.h"
#include "daemon/config/memory.h"
#include "daemon/config/schema.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct {
	long blocks;      /* allocated and not freed */
	unsigned long at; /* allocations until one fails; 0: none does */
	bool failed;
} memory;

static bool fails(void)
{
	if (memory.at == 0 || --memory.at > 0)
		return false;
	memory.failed = true;
	errno = ENOMEM;
	return true;
}

static void *counted(void *block)
{
	memory.blocks += block != NULL;
	return block;
}

void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_reallocarray(void *block, size_t count, size_t size);
char *__real_strdup(const char *text);
int __real_vasprintf(char **text, const char *format, va_list args);
void __real_free(void *block);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_reallocarray(void *block, size_t count, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_vasprintf(char **text, const char *format, va_list args);
int __wrap_asprintf(char **text, const char *format, ...);
void __wrap_free(void *block);

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
	if (fails())
		return NULL;
	return block ? __real_realloc(block, size) : counted(__real_realloc(NULL, size));
}

void *__wrap_reallocarray(void *block, size_t count, size_t size)
{
	void *grown = fails() ? NULL : __real_reallocarray(block, count, size);

	return block ? grown : counted(grown);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : counted(__real_strdup(text));
}

int __wrap_vasprintf(char **text, const char *format, va_list args)
{
	int len = fails() ? -1 : __real_vasprintf(text, format, args);

	if (len >= 0)
		(void)counted(*text);
	return len;
}

int __wrap_asprintf(char **text, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = __wrap_vasprintf(text, format, args);
	va_end(args);
	return len;
}

void __wrap_free(void *block)
{
	memory.blocks -= block != NULL;
	__real_free(block);
}

/* ---- memory_try() ---- */

static void take_some(void *argument)
{
	char **kept = argument;

	kept[0] = memory_copy("one", 3);
	kept[1] = memory_grow(NULL, 4, 1);
	kept[1] = memory_grow(kept[1], 100000, 1);
	memory_free(memory_copy("two", 3));
	memcpy(kept[1], "three", 6);
}

static void fail_inside(void *argument)
{
	take_some(argument);
	memory_fail();
}

static void fail_outside(void *argument)
{
	char *inner[2];

	assert_int_equal(memory_try(take_some, argument), 0);
	assert_int_equal(memory_try(fail_inside, inner), -ENOMEM);
	assert_string_equal(((char **)argument)[1], "three");
	memory_fail();
}

static void test_try(void **state)
{
	char *kept[2];
	long before = memory.blocks;

	(void)state;
	assert_int_equal(memory_try(take_some, kept), 0);
	assert_string_equal(kept[0], "one");
	memory_free(kept[0]);
	memory_free(kept[1]);
	memory_free(NULL);
	assert_int_equal(memory.blocks, before);
	assert_int_equal(memory_try(fail_inside, kept), -ENOMEM);
	assert_int_equal(memory.blocks, before);
	assert_int_equal(memory_try(fail_outside, kept), -ENOMEM);
	assert_int_equal(memory.blocks, before);
}

static void too_much(void *argument)
{
	(void)argument;
	(void)memory_alloc(SIZE_MAX / 2, 3);
}

static void test_overflow(void **state)
{
	(void)state;
	assert_int_equal(memory_try(too_much, NULL), -ENOMEM);
}

/* ---- a configuration ---- */

static const char good[] =
	"user: nobody\n"
	"plugin-path: [/usr/lib/a, ./b]\n"
	"crash-dir: ./crashes\n"
	"handlers:\n"
	"  look: { plugin: print, what: [1, two, { three: 3 }] }\n"
	"  pick: { plugin: ./filter.so }\n"
	"queues:\n"
	"  edge:\n"
	"    numbers: 0-3\n"
	"    handlers: [look, pick]\n"
	"    steer:\n"
	"      - { chain: INPUT, table: mangle, match: -p udp --dport 1 }\n"
	"      - { chain: FORWARD, table: mangle, family: both }\n";

static const char bad[] =
	"user: nobody\nuser: root\nqueues:\n  edge:\n    numbers: 7-3\n    range: 70000\n    handlers: [none]\n    x: 1\n"
	"  edge: { numbers: 4 }\nhandlers:\n  a b: { plugin: x }\nwhat: is\n";

/* False when nothing failed any more. */
static bool read_with_failure(const char *text, unsigned long at, bool is_good)
{
	struct report report = { 0 };
	long before = memory.blocks;
	struct config *config;

	memory.failed = false;
	memory.at = at;
	config = config_parse("nfverdict.yaml", text, strlen(text), NULL, &report);
	memory.at = 0;
	/* A failure may be made good, but what has a mistake is never taken for good. */
	assert_true(config ? is_good && report.count == 0 : report.count > 0);
	for (size_t i = 0; i < report.count; i++) {
		assert_non_null(report.entries[i].text);
		assert_true(strlen(report.entries[i].text) > 4);
		assert_non_null(report.entries[i].file);
	}
	config_free(config);
	report_clear(&report);
	assert_int_equal(memory.blocks, before);
	return memory.failed;
}

static void test_config(void **state)
{
	const struct {
		const char *text;
		bool is_good;
	} cases[] = { { good, true }, { bad, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned long n = 1;

		while (read_with_failure(cases[i].text, n, cases[i].is_good))
			n++;
		assert_true(n > 50);
	}
}

/* ---- a table of options ---- */

struct options {
	const char *name;
	struct nfv_list rules;
};

struct rule {
	const char *match;
};

static const struct nfv_option rule_table[] = {
	{ .name = "match", .type = NFV_OPT_STRING, .offset = offsetof(struct rule, match), .flags = NFV_OPT_REQUIRED },
	{ .name = NULL },
};

static const struct nfv_option table[] = {
	{ .name = "name", .type = NFV_OPT_STRING, .offset = offsetof(struct options, name), .fallback = "nobody" },
	{ .name = "rules", .type = NFV_OPT_GROUPS, .offset = offsetof(struct options, rules), .group = rule_table,
	  .group_size = sizeof(struct rule) },
	{ .name = NULL },
};

static void test_options(void **state)
{
	static const char text[] =
		"handlers:\n  h: { plugin: x, name: me, rules: [ { match: a }, { match: b } ] }\n"
		"queues:\n  q: { numbers: 1, handlers: [h] }\n";
	static const char *const skip[] = { "plugin", NULL };
	struct report report = { 0 };
	struct config *config = config_parse("nfverdict.yaml", text, strlen(text), NULL, &report);
	bool again = true;
	long before;

	(void)state;
	assert_non_null(config);
	before = memory.blocks;
	for (unsigned long n = 1; again; n++) {
		struct values *values;
		char why[256];
		int err;

		memory.failed = false;
		memory.at = n;
		err = schema_check_table(table, sizeof(struct options), why, sizeof(why));
		values = schema_apply(table, sizeof(struct options), config->handlers[0].options, config->handlers[0].place,
				      "handler h", skip, &report);
		memory.at = 0;
		again = memory.failed;
		assert_true(values != NULL || report.count > 0);
		assert_true(again ? err || report.count > 0 : !err && values);
		values_free(values);
		report_clear(&report);
		assert_int_equal(memory.blocks, before);
	}
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_try),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
