/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-plan.h"

#include "rules/match.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order in which packets meet them. */
const char *const steer_tables[STEER_TABLES] = { "raw", "mangle", "filter", "security" };

static const char *const table_chains[STEER_TABLES][6] = {
	{ "PREROUTING", "OUTPUT", NULL },
	{ "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", NULL },
	{ "INPUT", "FORWARD", "OUTPUT", NULL },
	{ "INPUT", "FORWARD", "OUTPUT", NULL },
};

bool steer_name_valid(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	if (len == 0 || len > STEER_NAME_MAX)
		return false;
	for (const char *c = name; *c; c++)
		if (!isascii((unsigned char)*c) || (!isalnum((unsigned char)*c) && *c != '_' && *c != '-'))
			return false;
	return true;
}

bool steer_item_in(const struct steer_item *item, enum nfv_family family)
{
	return !item->refused && (family == NFV_FAMILY_IPV4 ? item->entry->ipv4 : item->entry->ipv6);
}

static int judge_queue(const struct steer_queue *queues, size_t index, char *why, size_t why_size)
{
	const struct steer_queue *queue = &queues[index];

	if (!steer_name_valid(queue->name)) {
		snprintf(why, why_size, "a queue's name has 1 to %d letters, digits, - and _", STEER_NAME_MAX);
		return -EINVAL;
	}
	if (queue->first > queue->last) {
		snprintf(why, why_size, "queue %s: %u is above %u", queue->name, queue->first, queue->last);
		return -EINVAL;
	}
	if (queue->cpu_fanout && queue->first == queue->last) {
		snprintf(why, why_size, "queue %s: a fan-out over CPUs needs more than one queue number", queue->name);
		return -EINVAL;
	}
	for (size_t i = 0; i < index; i++) {
		if (!queues[i].name || strcmp(queues[i].name, queue->name) != 0)
			continue;
		snprintf(why, why_size, "queue %s: the name is used twice", queue->name);
		return -EINVAL;
	}
	return 0;
}

static int judge_place(const struct steer_entry *entry, char *why, size_t why_size)
{
	size_t t = 0;

	while (t < STEER_TABLES && (!entry->table || strcmp(entry->table, steer_tables[t]) != 0))
		t++;
	if (t == STEER_TABLES) {
		snprintf(why, why_size, "\"%.32s\" is none of the tables filter, mangle, raw, security",
			 entry->table ? entry->table : "");
		return -EINVAL;
	}
	for (size_t c = 0; table_chains[t][c]; c++)
		if (entry->chain && !strcmp(entry->chain, table_chains[t][c]))
			return 0;
	snprintf(why, why_size, "table %s has no built-in chain \"%.32s\"", entry->table, entry->chain ? entry->chain : "");
	return -EINVAL;
}

static int judge_entry(struct steer_item *item, char *why, size_t why_size)
{
	int err = judge_place(item->entry, why, why_size);

	if (err)
		return err;
	if (!item->entry->ipv4 && !item->entry->ipv6) {
		snprintf(why, why_size, "neither IPv4 nor IPv6 is asked for");
		return -EINVAL;
	}
	return match_check(item->entry->match, &item->match, why, why_size);
}

static size_t count_entries(const struct steer_queue *queues, size_t count)
{
	size_t sum = 0;

	for (size_t q = 0; q < count; q++)
		sum += queues[q].entry_count;
	return sum;
}

int steer_plan_make(struct steer_plan *plan, const struct steer_queue *queues, size_t count, steer_error_fn *tell,
		    void *context)
{
	size_t total = count_entries(queues, count);
	int result = 0;
	char why[256];

	*plan = (struct steer_plan){ .items = calloc(total ? total : 1, sizeof(*plan->items)) };
	if (!plan->items)
		return -ENOMEM;
	for (size_t q = 0; q < count; q++) {
		bool refused = judge_queue(queues, q, why, sizeof(why)) != 0;

		if (refused) {
			tell(context, NULL, why);
			result = -EINVAL;
		}
		for (size_t e = 0; e < queues[q].entry_count; e++) {
			struct steer_item *item = &plan->items[plan->count++];
			int err;

			*item = (struct steer_item){ .queue = &queues[q], .entry = &queues[q].entries[e] };
			err = judge_entry(item, why, sizeof(why));
			item->refused = refused || err;
			if (!err)
				continue;
			tell(context, item->entry->origin, why);
			result = err == -ENOMEM || result == -ENOMEM ? -ENOMEM : -EINVAL;
		}
	}
	return result;
}

void steer_plan_free(struct steer_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		text_free(&plan->items[i].match);
	free(plan->items);
	*plan = (struct steer_plan){ 0 };
}
