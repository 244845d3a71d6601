/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/plan-adopt.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAN_FILE "the configuration that the workers began with"

/* ---- Leaving ---- */

static const char *pass(int word)
{
	return word == PASS_DROP ? "drop" : "accept";
}

static json_t *duration(uint64_t value_ns, uint64_t none)
{
	return value_ns == none ? json_string("none") : json_sprintf("%lluns", (unsigned long long)value_ns);
}

static json_t *handler_names(const struct config_queue *queue)
{
	const char *const *names = queue->handlers.items;
	json_t *list = json_array();

	for (size_t i = 0; i < queue->handlers.count; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *leave_queue(const struct config_queue *queue)
{
	json_t *json = json_pack("{ss ss so* so* ss so*}", "when-down", pass(queue->when_down), "on-error",
				 pass(queue->on_error), "deadline", duration(queue->deadline, CONFIG_DEADLINE_NONE),
				 "crash-window", duration(queue->crash_window, UINT64_MAX), "quarantine",
				 queue->quarantine == QUARANTINE_ON_ERROR ? "on-error" : "skip", "handlers",
				 handler_names(queue));

	if (!json)
		return NULL;
	json_object_set_new(json, "numbers", json_sprintf("%u-%u", (unsigned)queue->numbers.first,
							  (unsigned)queue->numbers.last));
	json_object_set_new(json, "isolation", json_string(queue->isolation == ISOLATION_STRICT ? "strict" : "fast"));
	json_object_set_new(json, "batch", json_integer((json_int_t)queue->batch));
	json_object_set_new(json, "max-crashes", queue->max_crashes == CONFIG_CRASHES_UNLIMITED
							 ? json_string("unlimited")
							 : json_integer((json_int_t)queue->max_crashes));
	return json;
}

static void add_queue(json_t *handlers, json_t *queues, const struct config_queue *queue)
{
	const char *const *names = queue->handlers.items;

	for (size_t i = 0; i < queue->handlers.count; i++)
		json_object_set_new(handlers, names[i], json_pack("{ss}", "plugin", "of-the-worker"));
	json_object_set_new(queues, queue->name, leave_queue(queue));
}

char *plan_leave(const struct plan *plan, size_t queue)
{
	const struct config *config = plan->config;
	json_t *handlers = json_object(), *queues = json_object(), *all;
	char *text;

	for (size_t i = 0; i < config->queue_count; i++)
		if (queue == PLAN_ALL || queue == i)
			add_queue(handlers, queues, &config->queues[i]);
	all = json_pack("{so* so*}", "handlers", handlers, "queues", queues);
	if (config->user)
		json_object_set_new(all, "user", json_string(config->user));
	text = all ? json_dumps(all, JSON_COMPACT) : NULL;
	json_decref(all);
	return text;
}

/* ---- Adopting ---- */

/* A key that this version does not have is nothing that it could act upon. */
static void keep_known(json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, key, value) {
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i])
			json_object_del(object, key);
	}
}

static char *only_known(const char *text)
{
	static const char *const top[] = { "user", "handlers", "queues", NULL };
	static const char *const of_queue[] = { "numbers", "when-down", "on-error", "deadline", "crash-window", "quarantine",
						"handlers", "batch", "max-crashes", "isolation",
						NULL };
	json_t *all = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *queue;
	const char *name;
	char *kept;

	if (!json_is_object(all)) {
		json_decref(all);
		return NULL;
	}
	keep_known(all, top);
	json_object_foreach(json_object_get(all, "queues"), name, queue)
		keep_known(queue, of_queue);
	kept = json_dumps(all, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(all);
	return kept;
}

static struct plan *new_plan(struct config *config)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	char why[512];

	if (!plan) {
		config_free(config);
		return NULL;
	}
	plan->users = 1;
	plan->adopted = true;
	plan->config = config;
	plan->plugins = calloc(config->handler_count + 1, sizeof(*plan->plugins));
	plan->needs = calloc(config->queue_count + 1, sizeof(*plan->needs));
	for (size_t i = 0; plan->plugins && i < config->handler_count; i++)
		plan->plugins[i].fd = -1;
	if (!plan->plugins || !plan->needs ||
	    (account_find(config->user, &plan->account, why, sizeof(why)) < 0 &&
	     account_find(NULL, &plan->account, why, sizeof(why)) < 0)) {
		plan_drop(plan);
		return NULL;
	}
	return plan;
}

struct plan *plan_adopt(const char *text, char *why, size_t why_size)
{
	struct report report = { 0 };
	struct config *config;
	char *kept = only_known(text);
	struct plan *plan = NULL;

	if (!kept) {
		snprintf(why, why_size, "%s: no JSON object", PLAN_FILE);
		return NULL;
	}
	config = config_parse(PLAN_FILE, kept, strlen(kept), NULL, &report);
	free(kept);
	if (config) {
		plan = new_plan(config);
		snprintf(why, why_size, "%s: no memory", PLAN_FILE);
	} else {
		snprintf(why, why_size, "%s: %s", PLAN_FILE, report.count > 0 ? report.entries[0].text : "makes no sense");
	}
	report_clear(&report);
	return plan;
}
