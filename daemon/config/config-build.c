/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the trees of all files to one configuration. */
#include "daemon/config/config-private.h"
#include "daemon/config/option.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 4096 /* handlers, and queues */

static bool is_name(const char *text, size_t max, bool dots)
{
	size_t len = strlen(text);

	for (const char *p = text; *p; p++) {
		bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');

		if (!letter && *p != '_' && *p != '-' && !(dots && *p == '.'))
			return false;
	}
	return len > 0 && len <= max;
}

/* The top-level option `option` of all files: one of them may give it. */
static void merge_option(struct config_private *c, const struct nfv_option *option, struct config_top *merged)
{
	const struct config_file *from = NULL;
	struct place first = { 0 }, place;

	for (const struct config_file *f = c->files; f; f = f->next) {
		const unsigned char *field = f->top ? (unsigned char *)values_data(f->top) + option->offset : NULL;

		if (!field || (!values_place(f->top, field, &place) && f != c->files))
			continue;
		if (values_place(f->top, field, &place) && from) {
			report_add(c->report, place, option->name, "is given twice: it stands at %s:%u already", first.file,
				   first.line);
			continue;
		}
		memcpy((unsigned char *)merged + option->offset, field, option_size(option));
		if (values_place(f->top, field, &place)) {
			from = f;
			first = place;
		}
	}
}

static void resolve_plugin_path(struct config_private *c)
{
	struct config *config = &c->config;
	const char **folders = arena_alloc(&c->arena, config->plugin_path.count, sizeof(*folders));
	const char *const *written = config->plugin_path.items;
	const struct config_file *from = NULL;
	struct place place;

	for (const struct config_file *f = c->files; f; f = f->next) {
		if (f->top && ((struct config_top *)values_data(f->top))->plugin_path.items == written)
			from = f;
	}
	for (size_t i = 0; i < config->plugin_path.count; i++) {
		bool usable = from && values_usable(from->top, &written[i]) && values_place(from->top, &written[i], &place);

		folders[i] = usable ? config_resolve(c, from, written[i]) : written[i];
	}
	config->plugin_path.items = folders;
}

#define TOP_TEXT(field) offsetof(struct config_top, field)

/* A path of the top level, by the folder of the file that gives it. */
static const char *resolve_text(struct config_private *c, const char *written, size_t offset)
{
	for (const struct config_file *f = c->files; f && written; f = f->next) {
		const unsigned char *top = f->top ? values_data(f->top) : NULL;

		if (top && *(const char *const *)(const void *)(top + offset) == written)
			return config_resolve(c, f, written);
	}
	return written;
}

static void merge_top(struct config_private *c)
{
	static const char *const merged_elsewhere[] = { "include", "handlers", "queues" };
	struct config_top merged = { 0 };

	for (const struct nfv_option *option = config_top_table; option->name; option++) {
		bool elsewhere = false;

		for (size_t i = 0; i < sizeof(merged_elsewhere) / sizeof(merged_elsewhere[0]); i++)
			elsewhere |= !strcmp(option->name, merged_elsewhere[i]);
		if (!elsewhere)
			merge_option(c, option, &merged);
	}
	c->config.user = merged.user;
	c->config.plugin_path = merged.plugin_path;
	c->config.log_level = merged.log_level;
	c->config.log_to = merged.log_to;
	c->config.backend = merged.backend;
	c->config.crash_files = merged.crash_files;
	c->config.core_dumps = merged.core_dumps;
	c->config.orphan_time = merged.orphan_time;
	c->config.recovery = merged.recovery;
	c->config.when_flushed = merged.when_flushed;
	c->config.crash_dir = resolve_text(c, merged.crash_dir, TOP_TEXT(crash_dir));
	c->config.rules_socket = resolve_text(c, merged.rules_socket, TOP_TEXT(rules_socket));
	if (merged.control_socket && strcmp(merged.control_socket, "none") != 0)
		c->config.control_socket = resolve_text(c, merged.control_socket, TOP_TEXT(control_socket));
	resolve_plugin_path(c);
}

/* A mapping of names, or NULL after a complaint. */
static const struct node *named_entries(struct config_private *c, const struct config_file *file, const char *key)
{
	const struct node *map = tree_get(file->tree, key);

	if (!map || map->kind == NODE_MAP || map->kind == NODE_NULL || map->kind == NODE_UNUSABLE)
		return map && map->kind == NODE_MAP ? map : NULL;
	report_add(c->report, map->place, key, "wanted a mapping of names, found %s",
		   map->kind == NODE_LIST ? "a list" : "a single value");
	return NULL;
}

/* Where a name was defined before, or NULL. */
static const struct place *find_handler(const struct config_private *c, const char *name)
{
	for (size_t i = 0; i < c->config.handler_count; i++) {
		if (!strcmp(c->config.handlers[i].name, name))
			return &c->handlers[i].place;
	}
	return NULL;
}

static const struct place *find_queue(const struct config_private *c, const char *name)
{
	for (size_t i = 0; i < c->config.queue_count; i++) {
		if (!strcmp(c->config.queues[i].name, name))
			return &c->queues[i].place;
	}
	return NULL;
}

/* False after a complaint: the entry is not to be added. */
static bool check_entry(struct config_private *c, const struct node *entry, const char *what, const struct place *first,
			size_t count)
{
	if (first)
		report_add(c->report, entry->key_place, NULL, "%s %s: is defined twice: it stands at %s:%u already", what,
			   entry->key, first->file, first->line);
	else if (count == ENTRIES_MAX)
		report_add(c->report, entry->key_place, NULL, "%s %s: more than %d of them", what, entry->key, ENTRIES_MAX);
	return !first && count < ENTRIES_MAX;
}

static void add_handler(struct config_private *c, const struct config_file *file, const struct node *entry)
{
	struct config *config = &c->config;
	size_t n = config->handler_count;
	const struct node *plugin = tree_get(entry, "plugin");
	/* Only `plugin` is ours: the other keys are not even looked at here. */
	struct node own = {
		.kind = entry->kind, .place = entry->place, .children = (struct node *)plugin, .count = plugin ? 1 : 0
	};
	struct config_handler *handler;
	char object[CONFIG_HANDLER_NAME_MAX + 16];

	if (!is_name(entry->key, CONFIG_HANDLER_NAME_MAX, true)) {
		report_add(c->report, entry->key_place, NULL,
			   "handler %.80s: wanted a name of 1 to %d letters, digits, '_', '.' and '-'", entry->key,
			   CONFIG_HANDLER_NAME_MAX);
		return;
	}
	if (!check_entry(c, entry, "handler", find_handler(c, entry->key), n))
		return;
	config->handlers = memory_grow(config->handlers, n + 1, sizeof(*config->handlers));
	c->handlers = memory_grow(c->handlers, n + 1, sizeof(*c->handlers));
	config->handler_count++;
	snprintf(object, sizeof(object), "handler %s", entry->key);
	c->handlers[n].place = entry->key_place;
	c->handlers[n].values =
		schema_fill(config_handler_table, sizeof(*handler), &own, entry->key_place, object, NULL, c->report);

	handler = &config->handlers[n];
	*handler = *(struct config_handler *)values_data(c->handlers[n].values);
	handler->name = entry->key;
	handler->options = entry;
	handler->place = entry->key_place;
	handler->plugin_place = plugin ? plugin->place : entry->key_place;
	if (handler->plugin && strchr(handler->plugin, '/'))
		handler->plugin = config_resolve(c, file, handler->plugin);
}

static void add_queue(struct config_private *c, const struct node *entry)
{
	struct config *config = &c->config;
	size_t n = config->queue_count;
	struct config_queue *queue;
	char object[CONFIG_QUEUE_NAME_MAX + 16];

	if (!is_name(entry->key, CONFIG_QUEUE_NAME_MAX, false)) {
		report_add(c->report, entry->key_place, NULL,
			   "queue %.80s: wanted a name of 1 to %d letters, digits, '_' and '-'", entry->key,
			   CONFIG_QUEUE_NAME_MAX);
		return;
	}
	if (!check_entry(c, entry, "queue", find_queue(c, entry->key), n))
		return;
	config->queues = memory_grow(config->queues, n + 1, sizeof(*config->queues));
	c->queues = memory_grow(c->queues, n + 1, sizeof(*c->queues));
	config->queue_count++;
	snprintf(object, sizeof(object), "queue %s", entry->key);
	c->queues[n].place = entry->key_place;
	c->queues[n].values =
		schema_fill(config_queue_table, sizeof(*queue), entry, entry->key_place, object, NULL, c->report);

	queue = &config->queues[n];
	*queue = *(struct config_queue *)values_data(c->queues[n].values);
	queue->name = entry->key;
}

void config_build(struct config_private *c)
{
	const struct node *map;

	merge_top(c);
	for (const struct config_file *f = c->files; f; f = f->next) {
		map = f->tree ? named_entries(c, f, "handlers") : NULL;
		for (size_t i = 0; map && i < map->count; i++)
			add_handler(c, f, &map->children[i]);
		map = f->tree ? named_entries(c, f, "queues") : NULL;
		for (size_t i = 0; map && i < map->count; i++)
			add_queue(c, &map->children[i]);
	}
}
