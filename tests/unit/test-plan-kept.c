/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration goes along with the state, and is read from there as it was, whatever has become of its files. */
#include "daemon/process/plan-kept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (1024 * 1024)

static char folder[] = "/tmp/test-plan-kept.XXXXXX";

/* pad: so many bytes of comment behind it. */
static void put(const char *name, const char *text, size_t pad)
{
	FILE *out = fopen(name, "w");

	assert_non_null(out);
	fputs(text, out);
	if (pad > 0)
		fprintf(out, "#%*s\n", (int)pad, "");
	assert_int_equal(fclose(out), 0);
}

static void put_some(size_t pad)
{
	put("main.yaml", "include: [more-*.yaml]\nqueues:\n  edge: { numbers: 3-4, handlers: [look, away] }\n", pad);
	put("more-1.yaml", "log-level: debug\nhandlers: { look: { plugin: ./look.so } }\n", pad);
	put("more-2.yaml", "handlers: { away: { plugin: /usr/lib/away.so } } # caf\xc3\xa9 \"\\\n", pad);
}

static void remove_all(void)
{
	static const char *const names[] = { "main.yaml", "more-1.yaml", "more-2.yaml", "more-3.yaml", "more-4.yaml" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(names[i]);
}

static int enter(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static struct config *load(void)
{
	struct trust trust = { .allow_unsafe = true };
	struct report report = { 0 };
	struct config *config = config_load("main.yaml", &trust, &report);

	if (!config) {
		report_print(&report, stderr);
		fail_msg("it does not load");
	}
	return config;
}

/* What a plan with this configuration leaves, printed and read. */
static void hand_over(struct config *config, struct state *state)
{
	const struct plan plan = { .config = config };
	struct state left;
	char *text, why[256];

	state_init(&left);
	assert_int_equal(plan_keep(&plan, &left), 0);
	left.plan = strdup("{}");
	text = state_print(&left);
	state_free(&left);
	assert_non_null(text);
	if (state_parse(state, text, strlen(text), why, sizeof(why)))
		fail_msg("%s", why);
	free(text);
}

static void reads_what_was_read(void **unused)
{
	const struct report refused = { 0 };
	struct trust trust = { 0 };
	struct report report = { 0 };
	struct config *before, *config;
	struct state state;
	struct plan *plan;

	(void)unused;
	put_some(0);
	before = load();
	remove_all();
	hand_over(before, &state);
	assert_int_equal(state.file_count, 3);
	assert_string_equal(state.files[0].name, "main.yaml");
	assert_string_equal(state.files[2].name, "more-2.yaml");
	plan = plan_read_kept(&state, &refused, &trust, &report);
	assert_non_null(plan);
	/* The plugins are looked for, and nothing else is missing. */
	for (size_t i = 0; i < report.count; i++)
		if (!strstr(report.entries[i].text, ": plugin: ") && !strstr(report.entries[i].text, "user: "))
			fail_msg("%s: %s", report.entries[i].file, report.entries[i].text);
	config = plan->config;
	assert_int_equal(config->queue_count, 1);
	assert_string_equal(config->queues[0].name, "edge");
	assert_int_equal(config->queues[0].numbers.last, 4);
	assert_int_equal(config->queues[0].handlers.count, 2);
	assert_int_equal(config->log_level, before->log_level);
	assert_int_equal(config->handler_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(config->handlers[i].plugin, before->handlers[i].plugin);
		assert_string_equal(config->handlers[i].place.file, before->handlers[i].place.file);
		assert_int_equal(config->handlers[i].place.line, before->handlers[i].place.line);
	}
	assert_string_equal(plan->refused, "its rules could not be checked");
	report_clear(&report);
	state_free(&state);
	/* And once more from that one. */
	hand_over(config, &state);
	assert_int_equal(state.file_count, 3);
	state_free(&state);
	plan_drop(plan);
	config_free(before);
}

static void tells_what_was_refused(void **unused)
{
	struct report refused = { 0 }, report = { 0 };
	struct trust trust = { 0 };
	struct state state;
	struct config *before;
	struct plan *plan;

	(void)unused;
	put_some(0);
	before = load();
	remove_all();
	hand_over(before, &state);
	report_add(&refused, (struct place){ .file = "main.yaml", .line = 3, .column = 5 }, "queue edge", "numbers: wrong");
	report_add(&refused, (struct place){ .file = "main.yaml", .line = 9, .column = 1 }, NULL, "wrong, too");
	plan = plan_read_kept(&state, &refused, &trust, &report);
	assert_non_null(plan);
	assert_string_equal(plan->refused, "main.yaml:3:5: queue edge: numbers: wrong");
	assert_int_equal(refused.count, 2);
	plan_drop(plan);
	report_clear(&report);
	report_clear(&refused);
	state_free(&state);
	config_free(before);
}

/* What is left may have come from anybody: it is judged as any file is. */
static void judges_what_it_reads(void **unused)
{
	char name[] = "main.yaml", text[] = "queues:\n  edge: { numbers: 3, handlers: [look] }\ninclude: [more.yaml]\n";
	struct state_file file = { .name = name, .text = text };
	const struct state state = { .files = &file, .file_count = 1 };
	struct report refused = { 0 }, report = { 0 };
	struct trust trust = { 0 };
	struct plan *plan = plan_read_kept(&state, &refused, &trust, &report);

	(void)unused;
	assert_non_null(plan);
	assert_true(report.count > 0);
	assert_non_null(strstr(report.entries[0].text, "look"));
	plan_drop(plan);
	report_clear(&report);
}

/* A predecessor that is older, or could not keep it. */
static void needs_texts(void **unused)
{
	const struct state state = { 0 };
	struct report refused = { 0 }, report = { 0 };
	struct trust trust = { 0 };

	(void)unused;
	assert_null(plan_read_kept(&state, &refused, &trust, &report));
	assert_int_equal(report.count, 0);
}

static void keeps_none_that_is_too_long(void **unused)
{
	struct config *config;
	struct state state;

	(void)unused;
	put_some(MIB - 200);
	config = load();
	hand_over(config, &state); /* 3 MiB go */
	assert_int_equal(state.file_count, 3);
	state_free(&state);
	config_free(config);
	put("more-3.yaml", "crash-files: 3\n", MIB - 200);
	put("more-4.yaml", "core-dumps: true\n", MIB - 200);
	config = load();
	remove_all();
	hand_over(config, &state);
	assert_int_equal(state.file_count, 0);
	state_free(&state);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_was_read),
		cmocka_unit_test(tells_what_was_refused),
		cmocka_unit_test(judges_what_it_reads),
		cmocka_unit_test(needs_texts),
		cmocka_unit_test(keeps_none_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
