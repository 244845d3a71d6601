/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/steering.h"

#include "daemon/process/events.h"
#include "daemon/process/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum tool_backend backends[] = {
	[BACKEND_AUTO] = TOOL_AUTO,
	[BACKEND_NFT] = TOOL_NFT,
	[BACKEND_LEGACY] = TOOL_LEGACY,
};

/* ---- Translation ---- */

/* With a faulty configuration the good entries are judged all the same. */
static bool is_usable(const struct config *config, const struct config_steer *entry)
{
	return entry->chain && config_usable(config, &entry->chain) && config_usable(config, &entry->table) &&
	       config_usable(config, &entry->family) && config_usable(config, &entry->match);
}

/* Fills entries; returns how many. */
static size_t translate_entries(const struct config *config, const struct config_queue *queue, struct steer_entry *entries)
{
	const struct config_steer *from = queue->steer.items;
	size_t count = 0;

	for (size_t i = 0; i < queue->steer.count; i++) {
		if (!is_usable(config, &from[i]))
			continue;
		entries[count++] = (struct steer_entry){
			.table = config_table_name(from[i].table),
			.chain = from[i].chain,
			.match = from[i].match,
			.ipv4 = from[i].family != FAMILY_IPV6,
			.ipv6 = from[i].family != FAMILY_IPV4,
			.last = from[i].position == POSITION_LAST,
			.origin = &from[i],
		};
	}
	return count;
}

static int translate_queue(struct steering *steering, const struct config_queue *queue)
{
	struct steer_entry *entries;
	size_t count;

	for (uint32_t n = queue->numbers.first; n <= queue->numbers.last; n++)
		steering->numbers[steering->number_count++] = (uint16_t)n;
	if (queue->steer.count == 0)
		return 0;
	entries = calloc(queue->steer.count, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	count = translate_entries(steering->config, queue, entries);
	steering->queues[steering->count++] = (struct steer_queue){
		.name = queue->name,
		.first = (uint16_t)queue->numbers.first,
		.last = (uint16_t)queue->numbers.last,
		.bypass = queue->when_down == PASS_ACCEPT,
		.cpu_fanout = queue->cpu_fanout,
		.entries = entries,
		.entry_count = count,
	};
	return 0;
}

static int translate(struct steering *steering)
{
	const struct config *config = steering->config;
	size_t numbers = 0;
	int err = 0;

	for (size_t i = 0; i < config->queue_count; i++)
		numbers += config->queues[i].numbers.last - config->queues[i].numbers.first + 1;
	steering->queues = calloc(config->queue_count + 1, sizeof(*steering->queues));
	steering->numbers = calloc(numbers + 1, sizeof(*steering->numbers));
	if (!steering->queues || !steering->numbers)
		return -ENOMEM;
	for (size_t i = 0; err == 0 && i < config->queue_count; i++)
		err = translate_queue(steering, &config->queues[i]);
	return err;
}

int steering_init(struct steering *steering, const struct config *config, struct report *report)
{
	char why[512];
	int err;

	*steering = (struct steering){ .config = config };
	err = translate(steering);
	if (err)
		return err;
	err = tool_find(&steering->tool, backends[config->backend], why, sizeof(why));
	steering->have_tool = err == 0;
	if (err == 0 || steering->count == 0)
		return 0;
	report_add(report, config_place(config, steering->queues[0].entries[0].origin), NULL, "queue %s: steer: %s",
		   steering->queues[0].name, why);
	return err;
}

void steering_free(struct steering *steering)
{
	for (size_t i = 0; steering->queues && i < steering->count; i++)
		free((void *)(uintptr_t)steering->queues[i].entries);
	free(steering->queues);
	free(steering->numbers);
	*steering = (struct steering){ 0 };
}

bool steering_same(const struct steering *a, const struct steering *b)
{
	if (a->count == 0 && b->count == 0)
		return true;
	return a->tool.backend == b->tool.backend && steer_same(a->queues, a->count, b->queues, b->count);
}

int steering_own(struct steering *steering, const uint16_t *numbers, size_t count)
{
	uint16_t *more = reallocarray(steering->numbers, steering->number_count + count + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	steering->numbers = more;
	if (count)
		memcpy(more + steering->number_count, numbers, count * sizeof(*more));
	steering->number_count += count;
	steering->others_count += count;
	return 0;
}

void steering_disown(struct steering *steering)
{
	steering->number_count -= steering->others_count;
	steering->others_count = 0;
}

/* ---- Findings ---- */

struct findings {
	const struct steering *steering;
	struct report *report;
	enum nfv_log_level level; /* of what no entry is to blame for */
};

/* The name of the queue that an entry belongs to. */
static const char *queue_of(const struct steering *steering, const void *origin)
{
	for (size_t i = 0; i < steering->count; i++)
		for (size_t j = 0; j < steering->queues[i].entry_count; j++)
			if (steering->queues[i].entries[j].origin == origin)
				return steering->queues[i].name;
	return "";
}

/* What was found wrong when the file was checked needs no second word from the tool. */
static bool is_reported(const struct report *report, struct place place)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct report_entry *entry = &report->entries[i];

		if (entry->line == place.line && entry->column == place.column && strcmp(entry->file, place.file) == 0)
			return true;
	}
	return false;
}

static void to_report(void *context, const void *origin, const char *text)
{
	const struct findings *findings = context;
	const struct config *config = findings->steering->config;
	const struct config_steer *entry = origin;
	struct place place;

	if (!entry) {
		log_write(findings->level, "steering: %s", text);
		return;
	}
	place = config_place(config, entry->match ? &entry->match : &entry->chain);
	if (is_reported(findings->report, place) || is_reported(findings->report, config_place(config, &entry->chain)))
		return;
	report_add(findings->report, place, NULL, "queue %s: steer: %s", queue_of(findings->steering, origin), text);
}

static void to_log(void *context, const void *origin, const char *text)
{
	(void)context;
	(void)origin;
	log_warning("steering: %s", text);
}

/* ---- Doing ---- */

int steering_check(const struct steering *steering, struct report *report)
{
	struct findings findings = { .steering = steering, .report = report, .level = NFV_LOG_WARNING };

	if (steering->count == 0 || !steering->have_tool)
		return 0;
	steer_warn(&steering->tool, to_log, NULL);
	return steer_check(&steering->tool, steering->queues, steering->count, to_report, &findings);
}

static struct tool tool_with(const struct steering *steering, const struct steering_patience *patience)
{
	struct tool tool = steering->tool;

	tool.interrupt_fd = patience->interrupt_fd;
	if (patience->run_ms)
		tool.timeout_ms = patience->run_ms;
	if (patience->all_ms)
		tool.deadline_ms = (int64_t)(events_now_ns() / 1000000) + patience->all_ms;
	return tool;
}

int steering_install(const struct steering *steering, const struct steering_patience *patience, struct report *report)
{
	struct findings findings = { .steering = steering, .report = report, .level = NFV_LOG_ERROR };
	const struct tool tool = tool_with(steering, patience);

	if (steering->count == 0)
		return 0;
	return steer_install(&tool, steering->queues, steering->count, to_report, &findings);
}

/* Through one backend. */
static int change_with(const struct tool *tool, const struct steer_change *change, struct findings *findings)
{
	long changes = steer_change(tool, change, to_report, findings);

	if (changes > 0)
		log_debug("steering: %ld rules and chains put in or taken out", changes);
	return changes < 0 ? (int)changes : 0;
}

/* The new one first: for a moment packets meet both, and are decided twice, which is better than not at all. */
static int change_backend(const struct steering *before, const struct steering *after,
			  const struct steering_patience *patience, struct findings *findings)
{
	const struct tool old = tool_with(before, patience), new = tool_with(after, patience);
	const struct steer_change in = { .wanted = after->queues, .wanted_count = after->count, .own = after->numbers,
					 .own_count = after->number_count };
	const struct steer_change out = { .own = after->numbers, .own_count = after->number_count };
	int err = after->count ? change_with(&new, &in, findings) : 0;

	if (err || before->count == 0)
		return err;
	err = change_with(&old, &out, findings);
	if (err && after->count)
		(void)change_with(&new, &out, findings);
	return err;
}

/* `auto` is one of the two. */
static bool other_backend(const struct tool *a, const struct tool *b)
{
	enum tool_backend kind_a, kind_b;

	if (a->backend == b->backend)
		return false;
	return tool_kind(a, &kind_a) < 0 || tool_kind(b, &kind_b) < 0 || kind_a != kind_b;
}

int steering_change(const struct steering *before, const struct steering *after, const struct steering_patience *patience,
		    struct report *report)
{
	struct findings findings = { .steering = after, .report = report, .level = NFV_LOG_ERROR };
	const struct steering *with = after->have_tool || !before ? after : before;
	const struct tool tool = tool_with(with, patience);
	const struct steer_change change = {
		.before = before ? before->queues : NULL,
		.before_count = before ? before->count : 0,
		.wanted = after->queues,
		.wanted_count = after->count,
		.own = after->numbers,
		.own_count = after->number_count,
	};

	if (before && before->have_tool && after->have_tool && other_backend(&before->tool, &after->tool))
		return change_backend(before, after, patience, &findings);
	return with->have_tool ? change_with(&tool, &change, &findings) : 0;
}

int steering_adopt(const struct steering *steering, const uint16_t *own, size_t own_count,
		   const struct steering_patience *patience, struct report *report)
{
	struct findings findings = { .steering = steering, .report = report, .level = NFV_LOG_ERROR };
	const struct tool tool = tool_with(steering, patience);
	const struct steer_change change = {
		.wanted = steering->queues,
		.wanted_count = steering->count,
		.own = own,
		.own_count = own_count,
	};
	long changed;

	if (!steering->have_tool)
		return 0;
	changed = steer_change(&tool, &change, to_report, &findings);
	if (changed > 0)
		log_info("steering: %ld rules and chains changed", changed);
	return changed < 0 ? (int)changed : 0;
}

int steering_remove(const struct steering *steering, const struct steering_patience *patience, struct steer_tally *tally)
{
	const struct tool tool = tool_with(steering, patience);
	struct steer_sweep sweep = { .own = steering->numbers, .own_count = steering->number_count, .tally = tally };
	int err;

	if (!steering->have_tool)
		return 0;
	err = steer_sweep(&tool, &sweep, to_log, NULL);
	return err < 0 ? err : (int)sweep.removed;
}

int steering_unhook(const struct steering *steering, const struct steering_patience *patience, struct steer_tally *tally)
{
	const struct tool tool = tool_with(steering, patience);

	return steer_unhook(&tool, tally, to_log, NULL);
}

int steering_count(const struct steering *steering, const struct steering_patience *patience, struct steer_tally *tally)
{
	const struct tool tool = tool_with(steering, patience);

	return steer_count(&tool, tally, to_log, NULL);
}

int steering_present(const struct steering *steering)
{
	return steer_present(&steering->tool, steering->queues, steering->count, to_log, NULL);
}

bool steering_watches_generations(const struct steering *steering)
{
	return steer_tells_changes(&steering->tool);
}

int steering_cleanup(void)
{
	struct steer_sweep sweep = { 0 };
	struct tool tool;
	char why[512];

	if (tool_find(&tool, TOOL_AUTO, why, sizeof(why)) < 0) {
		log_error("cleanup: %s", why);
		return 1;
	}
	if (steer_sweep(&tool, &sweep, to_log, NULL) < 0) {
		log_error("cleanup: not everything could be removed");
		return 1;
	}
	printf("removed %u rules and chains that a dead daemon left\n", sweep.removed);
	if (sweep.kept)
		printf("kept %u chains whose queues somebody listens on\n", sweep.kept);
	return 0;
}
