/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/instances.h"

#include "daemon/process/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void tell_step(const struct instances *instances, const struct config_handler *handler, enum instances_doing doing)
{
	if (instances->step)
		instances->step->tell(instances->step->context, handler, doing);
}

/* Loads and opens one handler behind those that are open. */
static int open_one(struct instances *instances, const struct config_handler *config, const struct plan_plugin *file,
		    const struct handler_env *env, struct handler_counters *counters, struct report *report)
{
	struct plugin *plugin = &instances->plugins[instances->count];
	struct handler *handler = &instances->handlers[instances->count];
	unsigned threads = sandbox_threads(), more;
	char object[96], why[512];

	snprintf(object, sizeof(object), "handler %s", config->name);
	tell_step(instances, config, INSTANCES_LOADING);
	if (plugin_load(plugin, file->fd, file->path, why, sizeof(why)) < 0) {
		report_add(report, config->plugin_place, object, "plugin: %s: %s", file->path, why);
		return -EINVAL;
	}
	tell_step(instances, config, INSTANCES_OPENING);
	if (handler_open(handler, plugin, config->name, config->options, config->place, env, counters, report) < 0) {
		plugin_unload(plugin);
		return -EINVAL;
	}
	instances->count++; /* also with a thread too many: it must be closed */
	more = sandbox_threads();
	if (more <= threads)
		return 0;
	report_add(report, config->plugin_place, object,
		   "plugin: %s: starts a thread: a handler runs in one thread, its worker's", file->path);
	return -EINVAL;
}

int instances_open(struct instances *instances, const struct plan *plan, const struct config_queue *queue,
		   const struct handler_env *env, struct handler_counters *counters, struct report *report,
		   const struct instances_step *step, uint64_t skip)
{
	const char *const *names = queue->handlers.items;
	size_t wanted = queue->handlers.count;
	int result = 0;

	*instances = (struct instances){ .plan = plan,
					 .step = step,
					 .plugins = calloc(wanted + 1, sizeof(*instances->plugins)),
					 .handlers = calloc(wanted + 1, sizeof(*instances->handlers)) };
	if (!instances->plugins || !instances->handlers)
		return -ENOMEM;
	for (size_t i = 0; i < wanted; i++) {
		size_t index = plan_handler_index(plan, names[i]);
		const struct plan_plugin *file = &plan->plugins[index];

		if (i < 64 && skip & UINT64_C(1) << i) {
			handler_skip(&instances->handlers[instances->count++], names[i], &counters[i]);
			continue;
		}
		if (file->fd < 0)
			continue; /* reported when it was not found */
		if (open_one(instances, &plan->config->handlers[index], file, env, &counters[i], report) < 0)
			result = -EINVAL;
	}
	return result;
}

void instances_close(struct instances *instances)
{
	while (instances->count > 0) {
		size_t last = --instances->count;

		if (instances->handlers[last].opened)
			tell_step(instances, config_handler(instances->plan->config, instances->handlers[last].name),
				  INSTANCES_CLOSING);
		handler_close(&instances->handlers[last]);
		plugin_unload(&instances->plugins[last]);
	}
	free(instances->handlers);
	free(instances->plugins);
	*instances = (struct instances){ 0 };
}
