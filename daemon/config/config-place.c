/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking things up in a configuration, and its end. */
#include "daemon/config/config-private.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool lies_in(const void *field, const void *begin, size_t size)
{
	uintptr_t at = (uintptr_t)field, from = (uintptr_t)begin;

	return at >= from && at - from < size;
}

/* A top-level field of struct config: the same one of the file that gives it. */
static bool find_top(const struct config_private *c, const void *field, struct place *place)
{
	static const struct {
		size_t public, top;
	} fields[] = {
		{ offsetof(struct config, user), offsetof(struct config_top, user) },
		{ offsetof(struct config, plugin_path), offsetof(struct config_top, plugin_path) },
		{ offsetof(struct config, log_level), offsetof(struct config_top, log_level) },
		{ offsetof(struct config, log_to), offsetof(struct config_top, log_to) },
		{ offsetof(struct config, backend), offsetof(struct config_top, backend) },
		{ offsetof(struct config, recovery), offsetof(struct config_top, recovery) },
		{ offsetof(struct config, when_flushed), offsetof(struct config_top, when_flushed) },
		{ offsetof(struct config, rules_socket), offsetof(struct config_top, rules_socket) },
		{ offsetof(struct config, control_socket), offsetof(struct config_top, control_socket) },
		{ offsetof(struct config, crash_dir), offsetof(struct config_top, crash_dir) },
		{ offsetof(struct config, crash_files), offsetof(struct config_top, crash_files) },
		{ offsetof(struct config, core_dumps), offsetof(struct config_top, core_dumps) },
		{ offsetof(struct config, orphan_time), offsetof(struct config_top, orphan_time) },
	};
	size_t offset;

	if (!lies_in(field, &c->config, sizeof(c->config)))
		return false;
	offset = (uintptr_t)field - (uintptr_t)&c->config;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		for (const struct config_file *f = c->files; f && fields[i].public == offset; f = f->next) {
			if (f->top && values_place(f->top, (unsigned char *)values_data(f->top) + fields[i].top, place))
				return true;
		}
	}
	return false;
}

/* The folders were copied when relative ones were resolved, so an item is found by its index. */
static bool find_plugin_folder(const struct config_private *c, const void *field, struct place *place)
{
	const struct nfv_list *list = &c->config.plugin_path;
	size_t index;

	if (!list->count || !lies_in(field, list->items, list->count * sizeof(const char *)))
		return false;
	index = ((uintptr_t)field - (uintptr_t)list->items) / sizeof(const char *);
	for (const struct config_file *f = c->files; f; f = f->next) {
		const struct config_top *top = f->top ? values_data(f->top) : NULL;

		if (top && values_place(f->top, &top->plugin_path, place) && index < top->plugin_path.count)
			return values_place(f->top, (const char **)top->plugin_path.items + index, place);
	}
	return false;
}

struct place config_place(const struct config *config, const void *field)
{
	const struct config_private *c = config_private(config);
	struct place place = { .file = c->files ? c->files->name : NULL };

	if (find_top(c, field, &place) || find_plugin_folder(c, field, &place))
		return place;
	for (size_t i = 0; i < config->queue_count; i++) {
		const struct config_queue *queue = &config->queues[i];
		struct values *values = c->queues[i].values;

		if (lies_in(field, &queue->name, sizeof(queue->name)))
			return c->queues[i].place;
		/* Queues were copied out of their values: the same offset there. */
		if (lies_in(field, queue, sizeof(*queue))) {
			values_place(values, (unsigned char *)values_data(values) + ((uintptr_t)field - (uintptr_t)queue),
				     &place);
			return place;
		}
		/* Lists were not. */
		if (values_place(values, field, &place) || *values_path(values, field))
			return place;
	}
	for (size_t i = 0; i < config->handler_count; i++) {
		const struct config_handler *handler = &config->handlers[i];

		if (lies_in(field, handler, sizeof(*handler)))
			return lies_in(field, &handler->plugin, sizeof(handler->plugin)) ? handler->plugin_place
											 : handler->place;
	}
	return (struct place){ .file = c->files ? c->files->name : NULL };
}

bool config_usable(const struct config *config, const void *field)
{
	const struct config_private *c = config_private(config);

	for (size_t i = 0; i < config->queue_count; i++) {
		struct values *values = c->queues[i].values;

		if (lies_in(field, &config->queues[i], sizeof(config->queues[i])))
			return values_usable(values, (unsigned char *)values_data(values) +
							     ((uintptr_t)field - (uintptr_t)&config->queues[i]));
		if (*values_path(values, field))
			return values_usable(values, field);
	}
	for (size_t i = 0; i < config->handler_count; i++) {
		struct values *values = c->handlers[i].values;
		struct config_handler *own = values_data(values);

		if (lies_in(field, &config->handlers[i].plugin, sizeof(own->plugin)))
			return config->handlers[i].plugin && values_usable(values, &own->plugin);
	}
	return true;
}

struct place config_queue_place(const struct config *config, const struct config_queue *queue)
{
	return config_private(config)->queues[queue - config->queues].place;
}

const char *config_queue_object(struct config_private *c, const struct config_queue *queue)
{
	return arena_format(&c->arena, "queue %s", queue->name);
}

const struct config_handler *config_handler(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->handler_count; i++) {
		if (!strcmp(config->handlers[i].name, name))
			return &config->handlers[i];
	}
	return NULL;
}

static void free_files(struct config_file *file)
{
	struct config_file *next;

	for (; file; file = next) {
		next = file->next;
		values_free(file->top);
		tree_free(file->tree);
		memory_free(file->folder);
		memory_free(file->name);
		memory_free(file);
	}
}

void config_free(struct config *config)
{
	struct config_private *c = (struct config_private *)config;

	if (!config)
		return;
	for (size_t i = 0; i < config->queue_count; i++)
		values_free(c->queues[i].values);
	for (size_t i = 0; i < config->handler_count; i++)
		values_free(c->handlers[i].values);
	memory_free(config->queues);
	memory_free(config->handlers);
	memory_free(c->queues);
	memory_free(c->handlers);
	free_files(c->files);
	arena_free(&c->arena);
	memory_free(c);
}

static void print_section(FILE *out, const char *title, const struct nfv_option *table)
{
	fprintf(out, "%s\n\n", title);
	schema_print(table, 2, out);
}

void config_print_keys(FILE *out)
{
	print_section(out, "At the top of the file:", config_top_table);
	print_section(out, "\nOf a queue (queues: NAME: ...):", config_queue_table);
	print_section(out, "\nOf a handler (handlers: NAME: ...):", config_handler_table);
}
