/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/statistics.h"
#include "daemon/process/table.h"

#include <stdbool.h>
#include <string.h>

/* The columns that queues and handlers share, in the order of the tables. */
static void add_verdicts(struct table *table, uint64_t seen, uint64_t accepted, uint64_t dropped, uint64_t repeated,
			 uint64_t requeued)
{
	table_number(table, seen);
	table_number(table, accepted);
	table_number(table, dropped);
	table_number(table, repeated);
	table_number(table, requeued);
}

static void add_queue(struct table *table, const struct statistics_queue *queue)
{
	add_verdicts(table, queue->seen, queue->accepted, queue->dropped, queue->repeated, queue->requeued);
	table_number(table, queue->marked);
	table_number(table, queue->rewritten);
	table_number(table, queue->failed);
	table_number(table, queue->lost);
}

static void print_queues(const struct statistics_queue *queues, size_t count, FILE *out)
{
	static const char *const headings[] = { "queue",    "number", "seen",      "accepted", "dropped", "repeated",
						"requeued", "marked", "rewritten", "failed",   "lost",    NULL };
	struct statistics_queue total = { 0 };
	struct table table;

	table_begin(&table, headings);
	for (size_t i = 0; i < count; i++) {
		const struct statistics_queue *queue = &queues[i];

		table_text(&table, "%s", queue->name);
		table_number(&table, queue->number);
		add_queue(&table, queue);
		total.seen += queue->seen;
		total.accepted += queue->accepted;
		total.dropped += queue->dropped;
		total.repeated += queue->repeated;
		total.requeued += queue->requeued;
		total.marked += queue->marked;
		total.rewritten += queue->rewritten;
		total.failed += queue->failed;
		total.lost += queue->lost;
	}
	if (count > 1) {
		table_text(&table, "total");
		table_text(&table, "%s", "");
		add_queue(&table, &total);
	}
	table_print(&table, out);
	table_clear(&table);
}

/*
 * Adds to a counter of the sum by name. Both tables have the same size, so that only names beyond 64 in all can be left
 * out.
 */
static void add_own(struct handler_counters *sum, const char *name, uint64_t value)
{
	for (size_t i = 0; i < HANDLER_COUNTERS; i++) {
		if (sum->own[i].name[0] == '\0')
			memcpy(sum->own[i].name, name, HANDLER_COUNTER_NAME);
		if (strcmp(sum->own[i].name, name) == 0) {
			sum->own[i].value += value;
			return;
		}
	}
}

static void add_handler(struct handler_counters *sum, const struct handler_counters *counters)
{
	char name[HANDLER_COUNTER_NAME];

	sum->seen += counters->seen;
	sum->accepted += counters->accepted;
	sum->dropped += counters->dropped;
	sum->repeated += counters->repeated;
	sum->queued += counters->queued;
	sum->continued += counters->continued;
	sum->marked += counters->marked;
	sum->rewritten += counters->rewritten;
	for (size_t i = 0; i < BREACH_KINDS; i++)
		sum->breaches[i] += counters->breaches[i];
	for (size_t i = 0; i < HANDLER_COUNTERS; i++) {
		/* The worker may write while this reads: a copy of its own is ended before it is believed. */
		memcpy(name, counters->own[i].name, sizeof(name));
		name[sizeof(name) - 1] = '\0';
		if (name[0] != '\0')
			add_own(sum, name, counters->own[i].value);
	}
}

/* Each handler is printed where it appears first. */
static bool seen_before(const struct statistics_queue *queues, size_t queue, size_t handler)
{
	const char *name = queues[queue].handlers[handler].name;

	for (size_t i = 0; i <= queue; i++) {
		size_t end = i == queue ? handler : queues[i].handler_count;

		for (size_t j = 0; j < end; j++) {
			if (strcmp(queues[i].handlers[j].name, name) == 0)
				return true;
		}
	}
	return false;
}

static void sum_handler(const struct statistics_queue *queues, size_t count, const char *name, struct handler_counters *sum)
{
	*sum = (struct handler_counters){ 0 };
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < queues[i].handler_count; j++) {
			if (strcmp(queues[i].handlers[j].name, name) == 0)
				add_handler(sum, queues[i].handlers[j].counters);
		}
	}
}

static void add_handler_rows(struct table *handlers, struct table *own, const char *name, const struct handler_counters *sum)
{
	uint64_t breaches = 0;

	for (size_t i = 0; i < BREACH_KINDS; i++)
		breaches += sum->breaches[i];
	table_text(handlers, "%s", name);
	add_verdicts(handlers, sum->seen, sum->accepted, sum->dropped, sum->repeated, sum->queued);
	table_number(handlers, sum->continued);
	table_number(handlers, sum->marked);
	table_number(handlers, sum->rewritten);
	table_number(handlers, breaches);
	for (size_t i = 0; i < HANDLER_COUNTERS && sum->own[i].name[0] != '\0'; i++) {
		table_text(own, "%s", name);
		table_text(own, "%s", sum->own[i].name);
		table_number(own, sum->own[i].value);
	}
}

static void print_handlers(const struct statistics_queue *queues, size_t count, FILE *out)
{
	static const char *const headings[] = { "handler",   "seen",   "accepted",  "dropped",  "repeated", "requeued",
						"continued", "marked", "rewritten", "breaches", NULL };
	static const char *const own_headings[] = { "handler", "counter", "value", NULL };
	struct handler_counters sum;
	struct table handlers, own;

	table_begin(&handlers, headings);
	table_begin(&own, own_headings);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < queues[i].handler_count; j++) {
			if (seen_before(queues, i, j))
				continue;
			sum_handler(queues, count, queues[i].handlers[j].name, &sum);
			add_handler_rows(&handlers, &own, queues[i].handlers[j].name, &sum);
		}
	}
	if (handlers.failed || handlers.count > handlers.columns) {
		fputc('\n', out);
		table_print(&handlers, out);
	}
	if (own.failed || own.count > own.columns) {
		fputc('\n', out);
		table_print(&own, out);
	}
	table_clear(&handlers);
	table_clear(&own);
}

void statistics_print(const struct statistics_queue *queues, size_t count, FILE *out)
{
	print_queues(queues, count, out);
	print_handlers(queues, count, out);
}
