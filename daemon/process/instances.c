/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process/instances.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void tell_step(void (*step)(void *context, const char *text), void *context, const char *what, const char *handler,
		      const char *path)
{
	char text[768];

	if (!step)
		return;
	snprintf(text, sizeof(text), "handler %s: %s %s", handler, what, path);
	step(context, text);
}

int instances_open(struct instances *instances, const struct plan *plan, const struct config_queue *queue,
		   const struct handler_env *env, struct handler_counters *counters, struct report *report,
		   void (*step)(void *context, const char *text), void *context)
{
	const char *const *names = queue->handlers.items;
	size_t wanted = queue->handlers.count;
	int result = 0;

	*instances = (struct instances){ .plugins = calloc(wanted + 1, sizeof(*instances->plugins)),
					 .handlers = calloc(wanted + 1, sizeof(*instances->handlers)) };
	if (!instances->plugins || !instances->handlers)
		return -ENOMEM;
	for (size_t i = 0; i < wanted; i++) {
		size_t index = plan_handler_index(plan, names[i]);
		const struct config_handler *config = &plan->config->handlers[index];
		const struct plan_plugin *file = &plan->plugins[index];
		struct plugin *plugin = &instances->plugins[instances->count];
		struct handler *handler = &instances->handlers[instances->count];
		char object[96], why[512];

		if (file->fd < 0)
			continue; /* reported when it was not found */
		snprintf(object, sizeof(object), "handler %s", config->name);
		tell_step(step, context, "load", config->name, file->path);
		if (plugin_load(plugin, file->fd, file->path, why, sizeof(why)) < 0) {
			report_add(report, config->plugin_place, object, "plugin: %s: %s", file->path, why);
			result = -EINVAL;
			continue;
		}
		tell_step(step, context, "open", config->name, file->path);
		if (handler_open(handler, plugin, config->name, config->options, config->place, env, &counters[i], report) < 0) {
			plugin_unload(plugin);
			result = -EINVAL;
			continue;
		}
		instances->count++;
	}
	return result;
}

void instances_close(struct instances *instances)
{
	while (instances->count > 0) {
		size_t last = --instances->count;

		handler_close(&instances->handlers[last]);
		plugin_unload(&instances->plugins[last]);
	}
	free(instances->handlers);
	free(instances->plugins);
	*instances = (struct instances){ 0 };
}
