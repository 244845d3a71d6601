/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules when memory runs out: each allocation fails once, in a loop until none does. What failed says so, and leaves the rule
 * as it was.
 */
#include "rules/model.h"
#include "rules/view.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static long allocations, failing; /* the one that fails, from 1; 0: none */

static bool fails(void)
{
	if (!failing || ++allocations != failing)
		return false;
	errno = ENOMEM;
	return true;
}

/* In place of libc's for all that is linked here, by the linker's --wrap. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(memory, count, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

static void expect_text(struct nfv_rule *rule, const char *wanted)
{
	long kept = failing;

	failing = 0;
	/* What the view says, not what was kept of the text. */
	assert_non_null(rule_view(rule));
	rule_view_changed(rule);
	assert_non_null(rule_spec(rule));
	assert_string_equal(rule_spec(rule)->bytes, wanted);
	failing = kept;
}

#define RULE "-s a,b -p tcp -m tcp --dport 22 -m set ! --match-set x src -j LOG"

/* A step of the work: 0, or what it says when memory runs out. */
typedef int step_fn(struct nfv_rule *rule);

static int set_field(struct nfv_rule *rule)
{
	return nfv_rule_set(rule, NFV_FIELD_IN, "lo", true);
}

static int set_protocol(struct nfv_rule *rule)
{
	return nfv_rule_set(rule, NFV_FIELD_PROTOCOL, "udp", false);
}

static int set_comment(struct nfv_rule *rule)
{
	return nfv_rule_set_comment(rule, "c d");
}

static int set_option(struct nfv_rule *rule)
{
	struct nfv_extension *match = nfv_rule_match(rule, "set", 0);

	return match ? nfv_extension_set(match, "!match-set", "y dst") : -errno;
}

static int add_option(struct nfv_rule *rule)
{
	struct nfv_extension *target = nfv_rule_target(rule);

	return target ? nfv_extension_set(target, "log-prefix", "p: ") : -errno;
}

static int add_match(struct nfv_rule *rule)
{
	return nfv_rule_add_match(rule, "odd") ? 0 : -errno;
}

static int set_goto(struct nfv_rule *rule)
{
	return nfv_rule_set_goto(rule, "away") ? 0 : -errno;
}

static int set_note(struct nfv_rule *rule)
{
	return nfv_rule_set_note(rule, "n");
}

static int set_origin(struct nfv_rule *rule)
{
	int err = nfv_rule_set_origin(rule, "f", 1);

	return err ? err : nfv_rule_set_origin_comment(rule);
}

static int copy(struct nfv_rule *rule)
{
	struct nfv_rule *other = nfv_rule_copy(rule);
	int err = other ? 0 : -errno;

	nfv_rule_free(other);
	return err;
}

static int expand(struct nfv_rule *rule)
{
	struct view *view = rule_view(rule);
	struct spec **specs = NULL;
	size_t count = 0;
	int err = view ? view_expand(view, &specs, &count) : -ENOMEM;

	for (size_t i = 0; i < count && !err; i++)
		spec_unref(specs[i]);
	if (!err)
		free(specs);
	return err;
}

static const struct {
	step_fn *step;
	const char *text; /* of the rule afterwards */
} steps[] = {
	{ copy, RULE },
	{ expand, RULE },
	{ set_note, RULE },
	{ set_field, "-s a,b ! -i lo -p tcp -m tcp --dport 22 -m set ! --match-set x src -j LOG" },
	{ set_protocol, "-s a,b -p udp -m udp --dport 22 -m set ! --match-set x src -j LOG" },
	{ set_comment, "-s a,b -p tcp -m tcp --dport 22 -m set ! --match-set x src -m comment --comment \"c d\" -j LOG" },
	{ set_origin, "-s a,b -p tcp -m tcp --dport 22 -m set ! --match-set x src -m comment --comment \"f:1\" -j LOG" },
	{ set_option, "-s a,b -p tcp -m tcp --dport 22 -m set ! --match-set y dst -j LOG" },
	{ add_option, "-s a,b -p tcp -m tcp --dport 22 -m set ! --match-set x src -j LOG --log-prefix \"p: \"" },
	{ add_match, "-s a,b -p tcp -m tcp --dport 22 -m set ! --match-set x src -m odd -j LOG" },
	{ set_goto, "-s a,b -p tcp -m tcp --dport 22 -m set ! --match-set x src -g away" },
};

/* The step on a rule with or without its view: the number of allocations it needs. */
static long fail_each(step_fn *step, const char *wanted, bool view)
{
	long which;

	for (which = 1;; which++) {
		struct nfv_rule *rule;
		int err;

		failing = 0;
		rule = nfv_rule_parse(RULE, NULL);
		assert_non_null(rule);
		if (!view)
			rule_drop_view(rule);
		allocations = 0;
		failing = which;
		err = step(rule);
		failing = 0;
		if (err != 0 && err != -ENOMEM)
			fail_msg("%s: allocation %ld: %d", wanted, which, err);
		expect_text(rule, err ? RULE : wanted);
		nfv_rule_free(rule);
		if (allocations < which)
			return which - 1;
		/* Nothing may fail unseen. */
		assert_int_equal(err, -ENOMEM);
	}
}

static void test_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		long with = fail_each(steps[i].step, steps[i].text, true);

		assert_true(with >= 1);
		assert_true(fail_each(steps[i].step, steps[i].text, false) >= with);
	}
}

static void test_parse(void **state)
{
	long which;

	(void)state;
	for (which = 1;; which++) {
		struct nfv_rules_error error = { 0 };
		struct nfv_rule *rule;

		allocations = 0;
		failing = which;
		errno = 0;
		rule = nfv_rule_parse("-c 1 2 -s a -m odd --x y -p tcp --dport 1 z -j ODD --more", &error);
		failing = 0;
		if (allocations < which) {
			assert_non_null(rule);
			nfv_rule_free(rule);
			break;
		}
		assert_null(rule);
		assert_int_equal(errno, ENOMEM);
		assert_int_equal(error.code, ENOMEM);
		assert_string_equal(error.text, "out of memory");
	}
	assert_true(which > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
