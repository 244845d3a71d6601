/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/plan.h"

#include "daemon/handler/plugin.h"
#include "daemon/process/checker.h"
#include "daemon/process/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t plan_senders(const struct plan *plan)
{
	const struct config *config = plan->config;
	size_t count = 0;

	for (size_t i = 0; i < config->queue_count; i++)
		if (config->queues[i].isolation == ISOLATION_STRICT)
			count += config->queues[i].numbers.last - config->queues[i].numbers.first + 1;
	return count;
}

size_t plan_handler_index(const struct plan *plan, const char *name)
{
	return (size_t)(config_handler(plan->config, name) - plan->config->handlers);
}

/* Opens each handler's plugin file while the rights for it are there; it is loaded through this descriptor only. */
static void find_plugins(struct plan *plan, struct trust *trust, struct report *report)
{
	const struct config *config = plan->config;

	for (size_t i = 0; i < config->handler_count; i++) {
		const struct config_handler *handler = &config->handlers[i];
		struct plan_plugin *plugin = &plan->plugins[i];
		char why[1024], object[96];

		if (!config_usable(config, &handler->plugin))
			continue;
		plugin->fd = plugin_find(handler->plugin, config->plugin_path.items, config->plugin_path.count, trust,
					 plugin->path, sizeof(plugin->path), why, sizeof(why));
		if (plugin->fd >= 0)
			continue;
		plugin->fd = -1;
		snprintf(object, sizeof(object), "handler %s", handler->name);
		report_add(report, handler->plugin_place, object, "plugin: %s", why);
	}
}

/* With an account that cannot be had, the rest is judged as the default one. */
static void find_account(struct plan *plan, struct report *report)
{
	const struct config *config = plan->config;
	char why[512];
	int err = account_find(config->user, &plan->account, why, sizeof(why));

	if (err < 0) {
		report_add(report, config_place(config, &config->user), NULL, "user: %s", why);
		err = account_find(NULL, &plan->account, why, sizeof(why));
	} else if (why[0]) {
		log_warning("%s", why);
	}
	plan->account_found = err >= 0;
}

/* Legitimate, for a handler may get along with less; but a filter that sees nothing lets everything pass. */
static void warn_of_little(const struct plan *plan, size_t queue)
{
	const struct config *config = plan->config;
	const struct config_queue *entry = &config->queues[queue];
	uint32_t wanted = plan->needs[queue].bytes;
	bool meta = entry->copy == COPY_META;
	struct place place = config_place(config, meta ? (const void *)&entry->copy : (const void *)&entry->range);
	char given[32] = "meta";

	if (entry->copy == COPY_NONE || (!meta && (entry->range == CONFIG_RANGE_AUTO || entry->range >= wanted)))
		return;
	if (wanted == 0)
		return;
	if (!meta)
		snprintf(given, sizeof(given), "%u", (unsigned)entry->range);
	log_warning("%s:%u:%u: queue %s: %s: %s: its handlers ask for %u bytes of each packet", place.file, place.line,
		    place.column, entry->name, meta ? "copy" : "range", given, wanted);
}

/* With a configuration as it was read, mistakes or not; it is the plan's. NULL: there is no memory for it. */
static struct plan *plan_new(struct config *config, struct report *report)
{
	struct plan *plan = config ? calloc(1, sizeof(*plan)) : NULL;

	if (!plan) {
		config_free(config);
		return NULL;
	}
	plan->users = 1;
	plan->config = config;
	plan->plugins = calloc(plan->config->handler_count + 1, sizeof(*plan->plugins));
	plan->needs = calloc(plan->config->queue_count + 1, sizeof(*plan->needs));
	for (size_t i = 0; plan->plugins && i < plan->config->handler_count; i++)
		plan->plugins[i].fd = -1;
	if (plan->plugins && plan->needs && steering_init(&plan->steering, plan->config, report) != -ENOMEM)
		return plan;
	plan_drop(plan);
	return NULL;
}

static struct plan *complete(struct config *config, const char *file, struct trust *trust, struct report *report)
{
	struct plan *plan = plan_new(config, report);

	if (plan) {
		find_plugins(plan, trust, report);
		find_account(plan, report);
	} else if (report->count == 0) {
		report_add(report, (struct place){ .file = file }, NULL, "out of memory");
	}
	return plan;
}

struct plan *plan_read(const char *config_file, struct trust *trust, struct report *report)
{
	return complete(config_read(config_file, trust, report), config_file, trust, report);
}

struct plan *plan_read_texts(const struct config_text *texts, size_t count, struct trust *trust, struct report *report)
{
	return complete(config_read_texts(texts, count, report), count > 0 ? texts->name : "", trust, report);
}

void plan_check(struct plan *plan, struct report *report)
{
	const struct place place = { .file = config_place(plan->config, NULL).file };
	int err = plan->account_found ? checker_run(plan, report->count == 0, report) : -ENOENT;

	if (err)
		report_add(report, place, "checker", "cannot be run: %s", strerror(-err));
	for (size_t i = 0; report->count == 0 && i < plan->config->queue_count; i++)
		warn_of_little(plan, i);
}

static void plan_free(struct plan *plan)
{
	for (size_t i = 0; plan->plugins && i < plan->config->handler_count; i++)
		if (plan->plugins[i].fd >= 0)
			close(plan->plugins[i].fd);
	steering_free(&plan->steering);
	free(plan->needs);
	free(plan->plugins);
	config_free(plan->config);
	free(plan->refused);
	free(plan);
}

struct plan *plan_hold(struct plan *plan)
{
	plan->users++;
	return plan;
}

void plan_drop(struct plan *plan)
{
	if (plan && --plan->users == 0)
		plan_free(plan);
}
