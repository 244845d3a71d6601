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
		plugin->fd = plugin_find(handler->plugin, config->plugin_path.items, config->plugin_path.count, trust, plugin->path,
					 sizeof(plugin->path), why, sizeof(why));
		if (plugin->fd >= 0)
			continue;
		plugin->fd = -1;
		snprintf(object, sizeof(object), "handler %s", handler->name);
		report_add(report, handler->plugin_place, object, "plugin: %s", why);
	}
}

static bool find_account(struct plan *plan, struct report *report)
{
	const struct config *config = plan->config;
	char why[512];
	int err = account_find(config->user, &plan->account, why, sizeof(why));

	if (err < 0)
		report_add(report, config_place(config, &config->user), NULL, "user: %s", why);
	else if (why[0])
		log_warning("%s", why);
	return err == 0;
}

static void run_checker(struct plan *plan, struct report *report)
{
	bool whole = report->count == 0;
	const struct config *config = plan->config;
	struct place place = { .file = config_place(config, NULL).file };
	int err;

	if (!find_account(plan, report))
		return;
	err = checker_run(plan, whole, report);
	if (err)
		report_add(report, place, "checker", "cannot be run: %s", strerror(-err));
}

struct plan *plan_make(const char *config_file, struct trust *trust, struct report *report)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return NULL;
	plan->config = config_read(config_file, trust, report);
	plan->plugins = calloc(plan->config->handler_count + 1, sizeof(*plan->plugins));
	plan->needs = calloc(plan->config->queue_count + 1, sizeof(*plan->needs));
	if (!plan->plugins || !plan->needs) {
		plan_free(plan);
		return NULL;
	}
	for (size_t i = 0; i < plan->config->handler_count; i++)
		plan->plugins[i].fd = -1;
	find_plugins(plan, trust, report);
	run_checker(plan, report);
	return plan;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; plan->plugins && i < plan->config->handler_count; i++)
		if (plan->plugins[i].fd >= 0)
			close(plan->plugins[i].fd);
	free(plan->needs);
	free(plan->plugins);
	config_free(plan->config);
	free(plan);
}
