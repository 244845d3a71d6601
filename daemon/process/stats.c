/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/stats.h"

#include "daemon/process/statistics.h"

#include <stdlib.h>
#include <string.h>

/* The upper end of the bucket in which `share` percent of all values are reached. */
static unsigned long long percentile(const uint64_t *buckets, unsigned share)
{
	uint64_t total = 0, sum = 0;
	unsigned i;

	for (i = 0; i < COUNTERS_BUCKETS; i++)
		total += buckets[i];
	for (i = 0; i + 1 < COUNTERS_BUCKETS; i++) {
		sum += buckets[i];
		if (sum * 100 >= total * share)
			break;
	}
	return (1ull << i) - 1;
}

/* How the work came in: whether packets arrive one by one or in batches, and how long a batch keeps the worker. */
static void print_work(const struct served *served, FILE *out)
{
	const struct queue_counters *c = &served_shared(served)->counters;

	if (c->receives)
		fprintf(out,
			"queue %u: %llu receives, %llu sends, %llu pauses; half of the receives bring up to %llu packets; "
			"99 in 100 are decided within %llu us\n",
			served->number, (unsigned long long)c->receives, (unsigned long long)c->sends,
			(unsigned long long)c->pauses, percentile(c->batch_sizes, 50),
			percentile(c->batch_times, 99) / 1000 + 1);
}

/* A gap is seen when the next packet comes; behind the last one it shows by the kernel's newest id, once nothing waits. */
static uint32_t missed_last(const struct served *served, bool known, const struct queue_status *status)
{
	const struct shared *shared = served_shared(served);

	if (!known || status->waiting > 0)
		return 0;
	return status->last_id - (shared->last_id_known ? shared->last_id : 0);
}

/* `known`: the status could be read. */
static uint64_t missed(const struct served *served, bool known, const struct queue_status *status)
{
	return served_shared(served)->counters.lost + missed_last(served, known, status);
}

uint64_t stats_missed(const struct served *served)
{
	struct queue_status status = { 0 };
	const bool known = queue_status_read(served->number, &status);

	return missed(served, known, &status);
}

static uint64_t let_pass(uint64_t missed_ids, const struct queue_status *status)
{
	return missed_ids > status->dropped_socket ? missed_ids - status->dropped_socket : 0;
}

uint64_t stats_let_pass(const struct served *served)
{
	struct queue_status status = { 0 };
	const bool known = queue_status_read(served->number, &status);

	return let_pass(missed(served, known, &status), &status);
}

/* What the kernel counted, what it refused, and what made no sense: only what there was. */
static void print_details(const struct served *served, FILE *out)
{
	const struct queue_counters *c = &served_shared(served)->counters;
	struct queue_status status = { 0 };
	bool known = queue_status_read(served->number, &status);
	const uint64_t ids = missed(served, known, &status), passed = let_pass(ids, &status);
	const struct {
		const char *what;
		uint64_t count;
	} details[] = {
		{ "dropped by the kernel, queue full (max-length)", status.dropped_full },
		{ "dropped by the kernel, socket full (receive-buffer)", status.dropped_socket },
		{ "packet ids missed: let pass, socket full", passed },
		{ "packet ids missed", ids - passed },
		{ "repeated for a worker that died", c->recovered },
		{ "in the hands of a worker that died, got on-error", c->abandoned },
		{ "left at the end, got when-down", served->left },
		{ "messages cut", c->cut },
		{ "messages malformed", c->malformed },
		{ "socket overruns", c->overruns },
		{ "verdict messages not sent", c->undecided },
	};

	for (size_t i = 0; i < served_config(served)->handlers.count; i++)
		if (served->quarantined & UINT64_C(1) << i)
			fprintf(out, "queue %u: handler %s is in quarantine\n", served->number,
				((const char *const *)served_config(served)->handlers.items)[i]);
	if (!known)
		fprintf(out, "queue %u: the kernel's own counters cannot be read here, lost packets are not known\n",
			served->number);
	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++)
		if (details[i].count)
			fprintf(out, "queue %u: %s: %llu\n", served->number, details[i].what,
				(unsigned long long)details[i].count);
	for (int number = 0; number < COUNTERS_ERRNOS; number++)
		if (c->errors[number])
			fprintf(out, "queue %u: verdicts refused by the kernel: %llu (%s)\n", served->number,
				(unsigned long long)c->errors[number], number ? strerror(number) : "unknown error");
}

/* What a worker put into the ring and its sender did not believe. */
static void print_refused(const struct served *served, FILE *out)
{
	for (unsigned i = 0; sender_is_open(&served->sender) && i < RING_REFUSALS; i++)
		if (sender_state(&served->sender)->refused[i])
			fprintf(out, "queue %u: decisions of a worker refused by the sender: %llu (%s)\n", served->number,
				(unsigned long long)sender_state(&served->sender)->refused[i],
				ring_refusal_word((enum ring_refusal)i));
}

static struct statistics_queue row(const struct served *served, struct statistics_handler *handlers)
{
	const struct shared *shared = served_shared(served);
	const struct config_queue *config = served_config(served);
	const char *const *names = config->handlers.items;
	struct queue_status status = { 0 };

	(void)queue_status_read(served->number, &status);
	for (size_t i = 0; i < config->handlers.count; i++)
		handlers[i] = (struct statistics_handler){ .name = names[i], .counters = &shared->handlers[i] };
	return (struct statistics_queue){
		.name = config->name,
		.number = served->number,
		.seen = shared->counters.received - shared->counters.recovered - served->left_in_hand,
		.accepted = shared->counters.accepted,
		.dropped = shared->counters.dropped,
		.repeated = shared->counters.repeated,
		.requeued = shared->counters.requeued,
		.marked = shared->counters.marked,
		.rewritten = shared->counters.rewritten,
		.failed = shared->counters.failed,
		.lost = (uint64_t)status.dropped_full + status.dropped_socket,
		.handlers = handlers,
		.handler_count = config->handlers.count,
	};
}

void stats_print(const struct served *served, size_t count, FILE *out)
{
	struct statistics_queue *rows = calloc(count + 1, sizeof(*rows));
	struct statistics_handler *handlers = calloc(count * CHAIN_HANDLERS + 1, sizeof(*handlers));

	for (size_t i = 0; rows && handlers && i < count; i++)
		rows[i] = row(&served[i], handlers + i * CHAIN_HANDLERS);
	if (rows && handlers)
		statistics_print(rows, count, out);
	fputc('\n', out);
	for (size_t i = 0; i < count; i++) {
		print_work(&served[i], out);
		print_details(&served[i], out);
		print_refused(&served[i], out);
	}
	free(handlers);
	free(rows);
}
