/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/bypass.h"

#include "daemon/process/events.h"
#include "daemon/process/served.h"
#include "daemon/process/stats.h"
#include "daemon/process/table.h"

#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>

/* Packets that this queue number's worker sent to numbers of another (or the same) queue by verdict. *all: none is unaccounted. */
static uint64_t sent_on(const struct served *from, const struct steer_queue *to, bool *all)
{
	const struct queue_counters *c = &served_shared(from)->counters;
	uint64_t packets = 0;

	for (size_t i = 0; i < COUNTERS_TARGETS; i++)
		if (c->requeued_to[i].number > to->first && c->requeued_to[i].number <= to->last + 1u)
			packets += c->requeued_to[i].packets;
	if (c->requeued_elsewhere)
		*all = false;
	return packets;
}

/* What the entry's numbers and all others tell. */
struct sums {
	uint64_t let_pass;  /* for want of room in the socket */
	uint64_t sent_here;
	bool all;           /* every packet that was sent on is known by its target */
	bool cut_up;        /* super-packets are cut up before they are queued: the rule counts one, the queue several */
	const struct config_queue *config;
};

static struct sums add_up(const struct steer_queue *queue, const struct served *served, size_t count)
{
	struct sums sums = { .all = true };

	for (size_t i = 0; i < count; i++) {
		sums.sent_here += sent_on(&served[i], queue, &sums.all);
		if (served[i].number < queue->first || served[i].number > queue->last)
			continue;
		sums.let_pass += stats_let_pass(&served[i]);
		sums.cut_up |= !(served[i].socket.flags & NFQA_CFG_F_GSO);
		sums.config = served_config(&served[i]);
	}
	return sums;
}

/* NULL: what the rules and the ids tell is right, or the least that it can be. */
static const char *why_unknown(const struct bypass_entry *entry, const struct sums *sums, int64_t past, bool ended)
{
	if (entry->unread)
		return "the kernel's own counters cannot be read here";
	if (entry->others)
		return "rules of others lead to its numbers, too";
	if (sums->cut_up)
		return "the kernel cuts super-packets up before it queues them, and the rule in front counts them as one";
	if (!sums->all)
		return "packets are sent on to too many queues to tell them apart";
	if (entry->breaks && sums->sent_here)
		return "the rules' counters began anew, and packets come from another queue";
	if (ended && past < 0 && !entry->breaks)
		return "it got packets that our rules did not steer";
	return NULL;
}

bool bypass_result(const struct bypass *bypass, size_t queue, const struct served *served, size_t count, bool ended,
		   struct bypass_result *result)
{
	const struct steer_queue *steer;
	struct bypass_entry entry;
	struct sums sums;
	int64_t past;

	*result = (struct bypass_result){ 0 };
	if (!bypass_get(bypass, queue, &entry, &result->as_of_ns))
		return false;
	steer = &bypass->steering->queues[queue];
	sums = add_up(steer, served, count);
	past = entry.past + (int64_t)sums.sent_here;
	result->queue = steer->name;
	result->steered = entry.steered;
	result->why = why_unknown(&entry, &sums, past, ended);
	if (sums.config && !entry.may_pass) {
		/* Then the kernel drops what does not fit. Nothing passes while somebody listens, and we do while rules stand. */
		result->known = true;
		if (ended && !result->why && !entry.breaks && past > 0)
			result->uncounted = (uint64_t)past;
		result->why = NULL;
		return true;
	}
	result->known = !result->why;
	result->least = entry.breaks > 0;
	if (result->known)
		result->bypassed = (past > 0 ? (uint64_t)past : 0) + sums.let_pass;
	if (result->known && result->least)
		result->why = "rules were taken out, replaced, or their counters set back meanwhile: it may be more";
	return true;
}

static void add_row(struct table *table, const struct bypass_result *result, bool ended)
{
	const uint64_t age_ns = events_now_ns() - result->as_of_ns;

	table_text(table, "%s", result->queue);
	table_number(table, result->steered);
	if (result->known)
		table_number(table, result->bypassed);
	else
		table_text(table, "-");
	if (ended)
		table_text(table, "the end");
	else
		table_text(table, "%llu ms ago", (unsigned long long)(age_ns / 1000000));
}

void bypass_print(const struct bypass *bypass, const struct served *served, size_t count, bool ended, FILE *out)
{
	static const char *const headings[] = { "steering", "steered", "bypassed", "as of", NULL };
	struct bypass_result result;
	struct table table;

	if (!bypass->board)
		return;
	table_begin(&table, headings);
	for (size_t q = 0; bypass_result(bypass, q, served, count, ended, &result); q++)
		add_row(&table, &result, ended);
	fputc('\n', out);
	table_print(&table, out);
	table_clear(&table);
	for (size_t q = 0; bypass_result(bypass, q, served, count, ended, &result); q++) {
		if (result.why)
			fprintf(out, "queue %s: bypassed is not %s: %s\n", result.queue, result.known ? "exact" : "known", result.why);
		if (result.uncounted)
			fprintf(out, "queue %s: dropped by the kernel and counted nowhere (no memory): %llu\n", result.queue,
				(unsigned long long)result.uncounted);
	}
}
