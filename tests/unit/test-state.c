/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/state.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct state_handler some_handlers[2] = {
	{ .name = "first", .quarantined = true, .crashes = { .count = 34 } },
	{ .name = "second" },
};

static char first_name[] = "nfverdict.yaml", first_text[] = "include: [a.yaml]\nqueues: { \"e\": 1 } # \xc3\xa9\n";
static char second_name[] = "a.yaml", second_text[] = "";
static struct state_file some_files[2] = { { first_name, first_text }, { second_name, second_text } };

static struct state_queue some_queue(void)
{
	struct state_queue queue = {
		.number = 65535,
		.socket = 10,
		.portid = 4294967295u,
		.flags = 5,
		.refused_flags = 16,
		.wants = { .copy_mode = 2, .range = 65531, .max_length = 7 },
		.door = 11,
		.in_hand = true,
		.poisoned = true,
		.poison_id = 77,
		.failures = 3,
		.pid = 4711,
		.channel = 12,
		.ready = true,
		.going = true,
		.shared = 13,
		.slots = 14,
		.ring = -1,
		.sender_memory = -1,
		.life_read = -1,
		.life_write = -1,
		.slot_size = 70000,
		.handler_count = 2,
		.handlers = some_handlers,
	};

	for (size_t i = 0; i < CRASHES_MAX; i++)
		some_handlers[0].crashes.at_ns[i] = 1000 + i;
	layout_own(&queue.layout);
	return queue;
}

static struct state some_state(struct state_queue *queues, size_t count)
{
	struct state state;

	state_init(&state);
	snprintf(state.program, sizeof(state.program), "nfverdict 1.2");
	snprintf(state.path, sizeof(state.path), "/usr/sbin/nfverdictd");
	snprintf(state.folder, sizeof(state.folder), "/root");
	state.executable = 5;
	state.pid = 99;
	state.started_ns = UINT64_C(1) << 62;
	state.upgrades = 7;
	state.background = state.repeats = true;
	state.flushes = 3;
	state.plan = strdup("{\"queues\":{}}");
	state.files = some_files;
	state.file_count = 2;
	state.queues = queues;
	state.queue_count = count;
	return state;
}

static char *print(struct state_queue *queues, size_t count)
{
	struct state state = some_state(queues, count);
	char *text = state_print(&state);

	assert_non_null(text);
	free(state.plan);
	return text;
}

static void there_and_back(void **unused)
{
	struct state_queue queue = some_queue(), *got;
	char *text = print(&queue, 1), *again, why[256];
	struct state state;

	(void)unused;
	assert_int_equal(state_parse(&state, text, strlen(text), why, sizeof(why)), 0);
	assert_string_equal(state.program, "nfverdict 1.2");
	assert_string_equal(state.folder, "/root");
	assert_string_equal(state.plan, "{\"queues\":{}}");
	assert_int_equal(state.executable, 5);
	assert_int_equal(state.answer, -1);
	assert_int_equal(state.started_ns, UINT64_C(1) << 62);
	assert_true(state.background && state.repeats && !state.steered);
	assert_int_equal(state.file_count, 2);
	assert_string_equal(state.files[0].name, first_name);
	assert_string_equal(state.files[0].text, first_text);
	assert_string_equal(state.files[1].name, second_name);
	assert_string_equal(state.files[1].text, second_text);
	assert_int_equal(state.queue_count, 1);
	got = &state.queues[0];
	assert_int_equal(got->number, 65535);
	assert_int_equal(got->portid, 4294967295u);
	assert_int_equal(got->pid, 4711);
	assert_int_equal(got->slot_size, 70000);
	assert_true(got->in_hand && got->poisoned && got->ready && got->going);
	assert_int_equal(got->handler_count, 2);
	assert_string_equal(got->handlers[1].name, "second");
	assert_true(got->handlers[0].quarantined && !got->handlers[1].quarantined);
	assert_memory_equal(&got->handlers[0].crashes, &some_handlers[0].crashes, sizeof(struct crashes));
	assert_true(layout_equal(&got->layout, &queue.layout));
	again = state_print(&state);
	assert_string_equal(again, text);
	free(again);
	free(text);
	state_free(&state);
}

static int add_up(void *context, int fd)
{
	*(int *)context += fd;
	return 0;
}

static void descriptors(void **unused)
{
	struct state_queue queue = some_queue();
	struct state state = some_state(&queue, 1);
	int sum = 0;

	(void)unused;
	queue.slots = -1;
	assert_int_equal(state_each_descriptor(&state, add_up, &sum), 0);
	assert_int_equal(sum, 5 + 10 + 11 + 12 + 13);
	free(state.plan);
}

/* Replaces the first `from` in a good text by `to`. */
static void refuses(const char *from, const char *to, const char *wanted)
{
	struct state_queue queue = some_queue();
	char *text = print(&queue, 1), *at = strstr(text, from), *changed, why[256] = "";
	struct state state;

	assert_non_null(at);
	changed = calloc(1, strlen(text) + strlen(to) + 1);
	assert_non_null(changed);
	memcpy(changed, text, (size_t)(at - text));
	strcat(changed, to);
	strcat(changed, at + strlen(from));
	assert_int_equal(state_parse(&state, changed, strlen(changed), why, sizeof(why)), -EINVAL);
	if (!strstr(why, wanted))
		fail_msg("%s: %s instead of %s", to, why, wanted);
	state_free(&state);
	free(changed);
	free(text);
}

static void what_is_refused(void **unused)
{
	(void)unused;
	refuses("\"version\":1", "\"version\":2", "version 2: this nfverdictd reads version 1");
	refuses("\"version\":1", "\"version\":\"1\"", "version: is missing");
	refuses("\"pid\":99,", "", "pid: is missing");
	refuses("\"pid\":99", "\"pid\":-1", "pid: -1 is not between 0 and");
	refuses("\"number\":65535", "\"number\":65536", "queues: 0: number: 65536 is not between 0 and 65535");
	refuses("\"number\":65535", "\"number\":true", "queues: 0: number: wanted a number");
	refuses("\"in-hand\":true", "\"in-hand\":1", "queues: 0: in-hand: wanted true or false");
	refuses("\"socket\":10", "\"socket\":-1", "queues: 0: socket: there is none");
	refuses("\"socket\":10", "\"socket\":-2", "queues: 0: socket: -2 is not between -1 and");
	refuses("\"shared\":13", "\"shared\":-1", "queues: 0: shared: there is none");
	refuses("\"channel\":12", "\"channel\":-1", "worker and channel: one without the other");
	refuses("\"sender\":0", "\"sender\":5", "sender: a part of it is missing");
	refuses("\"name\":\"first\"", "\"name\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"",
		"queues: 0: handlers: 0: name: longer than 64 bytes");
	refuses("\"name\":\"first\"", "\"name\":\"fi\\u0000rst\"", "byte");
	refuses("\"crashes\":34", "\"crashes\":3", "at-ns: 32 times of 3 crashes");
	refuses("\"program\":\"nfverdict 1.2\"", "\"program\":[]", "program: wanted a text");
	refuses("\"queues\":[", "\"queues\":7,\"x\":[", "queues: wanted a list");
	refuses("\"files\":[", "\"files\":[],\"x\":[", "files: wanted a list");
	refuses("\"files\":[", "\"files\":\"\",\"x\":[", "files: wanted a list");
	refuses("\"name\":\"a.yaml\"", "\"name\":\"\"", "files: 1: wanted a name and a text");
	refuses("\"name\":\"a.yaml\",", "", "files: 1: wanted a name and a text");
	refuses("\"text\":\"\"", "\"text\":7", "files: 1: wanted a name and a text");
	refuses("{\"name\":\"a.yaml\"", "7,{\"name\":\"a.yaml\"", "files: 1: wanted a name and a text");
	refuses("\"name\":\"a.yaml\"", "\"name\":\"a\\u0000.yaml\"", "byte");
	refuses("{", "[", "byte");
}

static void unknown_fields_are_ignored(void **unused)
{
	static const char begin[] = "{\"from-the-future\":[1,2,{\"x\":null}],";
	struct state_queue queue = some_queue();
	char *text = print(&queue, 1), *more, why[256];
	struct state state;

	(void)unused;
	more = calloc(1, strlen(text) + sizeof(begin));
	assert_non_null(more);
	strcat(strcat(more, begin), text + 1);
	assert_int_equal(state_parse(&state, more, strlen(more), why, sizeof(why)), 0);
	assert_int_equal(state.queue_count, 1);
	state_free(&state);
	free(more);
	free(text);
}

/* Printed with one file of so many bytes, or with so many files; then read. */
static int with_files(size_t bytes, size_t count, char *why, size_t why_size)
{
	struct state_file *files = calloc(count, sizeof(*files));
	struct state state = some_state(NULL, 0);
	char *text, *long_text = calloc(1, bytes + 1);
	int err;

	assert_non_null(files);
	assert_non_null(long_text);
	memset(long_text, 'x', bytes);
	for (size_t i = 0; i < count; i++)
		files[i] = (struct state_file){ second_name, i == 0 ? long_text : second_text };
	state.files = files;
	state.file_count = count;
	text = state_print(&state);
	assert_non_null(text);
	free(state.plan);
	err = state_parse(&state, text, strlen(text), why, why_size);
	state_free(&state);
	free(text);
	free(long_text);
	free(files);
	return err;
}

static void files_within_bounds(void **unused)
{
	const size_t most = STATE_FILES_BYTES_MAX - (sizeof(second_name) - 1);
	char why[256];

	(void)unused;
	assert_int_equal(with_files(most, 1, why, sizeof(why)), 0);
	assert_int_equal(with_files(most + 1, 1, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "files: 0: longer than 4194304 bytes, all together");
	assert_int_equal(with_files(most, 2, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "files: 1: longer than 4194304 bytes, all together");
	assert_int_equal(with_files(0, STATE_FILES_MAX, why, sizeof(why)), 0);
	assert_int_equal(with_files(0, STATE_FILES_MAX + 1, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "files: wanted a list of at most 256");
}

/* Of an older version. */
static void no_files(void **unused)
{
	struct state state = some_state(NULL, 0);
	char *text, why[256];

	(void)unused;
	state.files = NULL;
	state.file_count = 0;
	text = state_print(&state);
	free(state.plan);
	assert_non_null(text);
	assert_null(strstr(text, "files"));
	assert_int_equal(state_parse(&state, text, strlen(text), why, sizeof(why)), 0);
	assert_null(state.files);
	assert_int_equal(state.file_count, 0);
	state_free(&state);
	free(text);
}

static void numbers_twice(void **unused)
{
	struct state_queue queues[2] = { some_queue(), some_queue() };
	char *text = print(queues, 2), why[256];
	struct state state;

	(void)unused;
	assert_int_equal(state_parse(&state, text, strlen(text), why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "queues: number 65535 stands there twice");
	state_free(&state);
	free(text);
}

/* ---- Layouts ---- */

static void same_padding(void *to, const void *from, size_t begin, size_t end)
{
	assert_true(end >= begin && end - begin < 8);
	memcpy((char *)to + begin, (const char *)from + begin, end - begin);
}

/* Every byte that is not told in the state would be lost when another version takes over. */
static void own_layout(void **unused)
{
	const size_t size = shared_size(3);
	struct shared *from = malloc(size), *to = calloc(1, size);
	struct layout layout;

	(void)unused;
	assert_non_null(from);
	assert_non_null(to);
	memset(from, 0xa5, size);
	layout_own(&layout);
	assert_int_equal(layout_size(&layout, 3), size);
	layout_read(&layout, from, 3, to);
	/* Of the worker's loop alone, or of the call that it sends with. */
	to->heartbeat_ns = from->heartbeat_ns;
	assert_int_equal(to->receipt.msg_len, from->receipt.msg_len);
	to->receipt = from->receipt;
	same_padding(to, from, offsetof(struct shared, last_id_known) + 4, offsetof(struct shared, sending));
	same_padding(to, from, offsetof(struct shared, sending.until) + 4, offsetof(struct shared, receipt));
	assert_memory_equal(to, from, size);
	free(from);
	free(to);
}

/* Another version: other places, another width, fewer elements, and none of some fields. */
static void foreign_layout(void **unused)
{
	static const char text[] = "{\"handlers-at\":64,\"handler-size\":16,"
				   "\"head\":{\"last_id\":[40,8,1],\"counters.received\":[8,4,1],"
				   "\"counters.errors\":[16,8,3],\"of.the.future\":[0,8,1]},"
				   "\"handler\":{\"seen\":[8,8,1]}}";
	json_t *json = json_loads(text, 0, NULL);
	struct shared *to = calloc(1, shared_size(2));
	uint64_t memory[12] = { 0 };
	struct layout layout;
	char why[128];

	(void)unused;
	assert_int_equal(layout_from_json(&layout, json, why, sizeof(why)), 0);
	assert_int_equal(layout_size(&layout, 2), sizeof(memory));
	memory[1] = 41;
	memory[4] = 42; /* the third of the errors */
	memory[5] = 43;
	memory[9] = 44;
	memory[11] = 45;
	layout_read(&layout, memory, 2, to);
	assert_int_equal(to->counters.received, 41);
	assert_int_equal(to->counters.errors[2], 42);
	assert_int_equal(to->last_id, 43);
	assert_int_equal(to->handlers[0].seen, 44);
	assert_int_equal(to->handlers[1].seen, 45);
	assert_int_equal(to->counters.accepted, 0);
	free(to);
	json_decref(json);
}

static void refuses_layout(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	struct layout layout;
	char why[128];

	assert_non_null(json);
	assert_int_equal(layout_from_json(&layout, json, why, sizeof(why)), -EINVAL);
	json_decref(json);
}

static void layouts_that_reach_beyond(void **unused)
{
	(void)unused;
	refuses_layout("{\"handlers-at\":64}");
	refuses_layout("{\"handlers-at\":64,\"handler-size\":1048577,\"head\":{}}");
	refuses_layout("{\"handlers-at\":64,\"handler-size\":8,\"head\":{\"last_id\":[61,4,1]}}");
	refuses_layout("{\"handlers-at\":64,\"handler-size\":8,\"head\":{\"last_id\":[0,4,17]}}");
	refuses_layout("{\"handlers-at\":64,\"handler-size\":8,\"head\":{\"last_id\":[0,0,1]}}");
	refuses_layout("{\"handlers-at\":64,\"handler-size\":8,\"head\":{\"last_id\":[-1,4,1]}}");
	refuses_layout("{\"handlers-at\":64,\"handler-size\":8,\"head\":{\"last_id\":[0,4]}}");
	refuses_layout("{\"handlers-at\":64,\"handler-size\":8,\"handler\":{\"seen\":[1,8,1]}}");
	refuses_layout("[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(descriptors),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(unknown_fields_are_ignored),
		cmocka_unit_test(files_within_bounds),
		cmocka_unit_test(no_files),
		cmocka_unit_test(numbers_twice),
		cmocka_unit_test(own_layout),
		cmocka_unit_test(foreign_layout),
		cmocka_unit_test(layouts_that_reach_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
