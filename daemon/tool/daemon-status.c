/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nfverdict status: from the daemon's answer to a page for people. The answer's keys are in nfverdict-json(5). */
#include "daemon/tool/columns.h"
#include "daemon/tool/daemon-ask.h"
#include "daemon/tool/daemon.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static unsigned long long number_of(const json_t *object, const char *key)
{
	return (unsigned long long)json_integer_value(json_object_get(object, key));
}

/* "5 s", "2 min 5 s", "3 h 20 min", "4 d 1 h" */
static void print_duration(char *text, size_t size, unsigned long long seconds)
{
	if (seconds < 60)
		snprintf(text, size, "%llu s", seconds);
	else if (seconds < 3600)
		snprintf(text, size, "%llu min %llu s", seconds / 60, seconds % 60);
	else if (seconds < 86400)
		snprintf(text, size, "%llu h %llu min", seconds / 3600, seconds / 60 % 60);
	else
		snprintf(text, size, "%llu d %llu h", seconds / 86400, seconds / 3600 % 24);
}

/* "5.0 MiB", "512 bytes" */
static void print_bytes(char *text, size_t size, unsigned long long bytes)
{
	if (bytes < 1024)
		snprintf(text, size, "%llu bytes", bytes);
	else if (bytes < 1024 * 1024)
		snprintf(text, size, "%.1f KiB", (double)bytes / 1024);
	else
		snprintf(text, size, "%.1f MiB", (double)bytes / (1024 * 1024));
}

static void print_problems(const json_t *of, bool color)
{
	size_t i;
	const json_t *problem;

	json_array_foreach(json_object_get(of, "problems"), i, problem) {
		printf("%s! ", paint_on(PAINT_BAD, color));
		paint_safely(stdout, json_string_value(problem));
		printf("%s\n", paint_off(PAINT_BAD, color));
	}
}

static void print_line(const char *name, const char *value)
{
	printf("  %-14s ", name);
	paint_safely(stdout, value);
	putchar('\n');
}

static void print_steering(const json_t *steering)
{
	const json_t *in_place = json_object_get(steering, "in_place");
	char text[160];

	if (!steering)
		return;
	snprintf(text, sizeof(text), "%s",
		 number_of(steering, "entries") == 0 ? "none: rules that lead here are others'"
		 : json_is_null(in_place)            ? "installed at the start, not looked after (when-flushed: leave)"
		 : json_is_true(in_place)            ? "in place"
						     : "gone");
	if (number_of(steering, "flushes"))
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "; found gone %llu times, put back %llu times",
			 number_of(steering, "flushes"), number_of(steering, "repairs"));
	print_line("steering", text);
}

static void print_daemon(const json_t *daemon, bool well, bool color)
{
	char up[64];

	print_duration(up, sizeof(up), number_of(daemon, "uptime_ms") / 1000);
	printf("nfverdictd %s, process %llu, up %s: %s%s%s\n", text_of(daemon, "version"), number_of(daemon, "pid"), up,
	       paint_on(well ? PAINT_GOOD : PAINT_BAD, color), well ? "all is well" : "something is wrong",
	       paint_off(well ? PAINT_GOOD : PAINT_BAD, color));
	print_line("configuration", text_of(daemon, "configuration"));
	print_line("recovery", text_of(daemon, "recovery"));
	print_steering(json_object_get(daemon, "steering"));
	if (json_is_string(json_object_get(daemon, "under_way")))
		print_line("under way", text_of(daemon, "under_way"));
}

/* ---- The table of queue numbers ---- */

static void add_number(struct columns *columns, const json_t *of, const char *key, bool bad)
{
	const json_t *value = json_object_get(of, key);

	if (json_is_integer(value))
		columns_add(columns, bad && json_integer_value(value) ? PAINT_BAD : PAINT_NONE, "%llu",
			    (unsigned long long)json_integer_value(value));
	else
		columns_add(columns, PAINT_DIM, "-");
}

static void add_queue(struct columns *columns, const json_t *queue)
{
	static const char *const counted[] = { "seen", "accepted", "dropped", "repeated", "requeued", "failed" };
	const json_t *packets = json_object_get(queue, "packets"), *worker = json_object_get(queue, "worker");
	const bool well = json_array_size(json_object_get(queue, "problems")) == 0;

	columns_add(columns, PAINT_NONE, "%s", text_of(queue, "name"));
	add_number(columns, queue, "number", false);
	add_number(columns, worker, "pid", false);
	columns_add(columns, well ? PAINT_GOOD : PAINT_BAD, "%s", text_of(queue, "state"));
	if (json_is_integer(json_object_get(worker, "heartbeat_age_ms")))
		columns_add(columns, PAINT_NONE, "%.1f s", (double)number_of(worker, "heartbeat_age_ms") / 1000);
	else
		columns_add(columns, PAINT_DIM, "-");
	add_number(columns, queue, "waiting", false);
	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		add_number(columns, packets, counted[i], false);
	add_number(columns, packets, "lost", true);
	add_number(columns, queue, "deaths", true);
}

static void print_queues(const json_t *queues, bool color)
{
	static const char *const headings[] = { "queue",     ">number",   ">worker",   "state",   ">heartbeat",
						">waiting",  ">seen",     ">accepted", ">dropped", ">repeated",
						">requeued", ">on-error", ">lost",     ">deaths",  NULL };
	struct columns columns;
	size_t i;
	const json_t *queue;

	columns_begin(&columns, headings);
	json_array_foreach(queues, i, queue)
		add_queue(&columns, queue);
	columns_end(&columns, color, stdout);
}

/* ---- What a queue was bound with ---- */

static void print_words(const char *name, const json_t *words)
{
	size_t i;
	const json_t *word;

	if (json_array_size(words) == 0)
		return;
	printf("  %-14s ", name);
	json_array_foreach(words, i, word) {
		fputs(i ? ", " : "", stdout);
		paint_safely(stdout, json_string_value(word));
	}
	putchar('\n');
}

static void print_handlers(const json_t *handlers, bool color)
{
	size_t i;
	const json_t *handler;

	if (json_array_size(handlers) == 0) {
		print_line("handlers", "none");
		return;
	}
	printf("  %-14s ", "handlers");
	json_array_foreach(handlers, i, handler) {
		const bool quarantined = json_is_true(json_object_get(handler, "quarantined"));

		fputs(i ? ", " : "", stdout);
		fputs(paint_on(quarantined ? PAINT_BAD : PAINT_NONE, color), stdout);
		paint_safely(stdout, text_of(handler, "name"));
		if (quarantined)
			fputs(" (in quarantine)", stdout);
		fputs(paint_off(quarantined ? PAINT_BAD : PAINT_NONE, color), stdout);
	}
	putchar('\n');
}

static void print_bound(const json_t *queue, unsigned long long last, bool color)
{
	const json_t *bound = json_object_get(queue, "bound");
	const unsigned long long first = number_of(queue, "number");
	char range[32] = "", receive[32], text[160];

	printf("\n%s%s%s %llu", paint_on(PAINT_CHAIN, color), text_of(queue, "name"), paint_off(PAINT_CHAIN, color), first);
	if (last > first)
		printf("-%llu", last);
	putchar('\n');
	if (strcmp(text_of(bound, "copy"), "packet") == 0)
		snprintf(range, sizeof(range), ", %llu bytes", number_of(bound, "range"));
	print_bytes(receive, sizeof(receive), number_of(bound, "receive_buffer"));
	snprintf(text, sizeof(text), "copy %s%s, max-length %llu, receive buffer %s", text_of(bound, "copy"), range,
		 number_of(bound, "max_length"), receive);
	print_line("bound", text);
	print_words("flags", json_object_get(bound, "flags"));
	print_words("refused", json_object_get(bound, "refused"));
	print_line("isolation", text_of(queue, "isolation"));
	snprintf(text, sizeof(text), "default %s, on-error %s, when-full %s, when-down %s", text_of(queue, "default"),
		 text_of(queue, "on_error"), text_of(queue, "when_full"), text_of(queue, "when_down"));
	print_line("packets", text);
	print_handlers(json_object_get(queue, "handlers"), color);
}

/* Numbers of one entry mostly are alike, and are told together then. */
static bool are_alike(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "name", "bound", "isolation", "default", "on_error", "when_full", "when_down" };
	const json_t *ours = json_object_get(a, "handlers"), *theirs = json_object_get(b, "handlers");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!json_equal(json_object_get(a, keys[i]), json_object_get(b, keys[i])))
			return false;
	if (json_array_size(ours) != json_array_size(theirs))
		return false;
	for (size_t i = 0; i < json_array_size(ours); i++) {
		const json_t *one = json_array_get(ours, i), *other = json_array_get(theirs, i);

		if (strcmp(text_of(one, "name"), text_of(other, "name")) != 0 ||
		    json_is_true(json_object_get(one, "quarantined")) != json_is_true(json_object_get(other, "quarantined")))
			return false;
	}
	return true;
}

static void print_status(const json_t *daemon, const json_t *queues, bool well, bool color)
{
	size_t i;
	const json_t *queue;

	print_daemon(daemon, well, color);
	print_problems(daemon, color);
	json_array_foreach(queues, i, queue)
		print_problems(queue, color);
	putchar('\n');
	print_queues(queues, color);
	for (i = 0; i < json_array_size(queues);) {
		const json_t *first = json_array_get(queues, i);
		unsigned long long last = number_of(first, "number");

		for (i++; i < json_array_size(queues) && are_alike(first, json_array_get(queues, i)) &&
			  number_of(json_array_get(queues, i), "number") == last + 1; i++)
			last++;
		print_bound(first, last, color);
	}
}

int daemon_status(const struct arguments *arguments)
{
	struct ask ask = { .request = { .command = CONTROL_STATUS } };
	json_t *outcome = NULL, *queues, *daemon;

	if (!ask_daemon(&ask, arguments, ASK_SOON_S))
		return ask_end(&ask, NULL);
	outcome = ask_document(&ask);
	daemon = json_object_get(outcome, "daemon");
	queues = json_object_get(outcome, "queues");
	json_object_set_new(outcome, "well", json_boolean(ask.answer.exit == CONTROL_WELL));
	if (!(arguments->given & ARG_JSON))
		print_status(daemon, queues, ask.answer.exit == CONTROL_WELL, paint_wanted(arguments->color, stdout));
	return ask_end(&ask, outcome);
}
