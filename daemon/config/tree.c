/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/tree.h"
#include "daemon/config/memory.h"
#include "daemon/config/tree-text.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32
#define NODES_MAX 100000

struct parse {
	yaml_parser_t yaml;
	yaml_event_t event; /* the one that is looked at; libyaml's memory, as the parser's */
	const char *file;
	const char *text;
	size_t len;
	size_t nodes;
	bool stopped; /* nothing behind this place can be understood */
	struct node *root;
	struct report *report;
};

static void parse_node(struct parse *p, struct node *node, unsigned depth);

static struct place mark_place(const struct parse *p, const yaml_mark_t *mark)
{
	return (struct place){ p->file, (unsigned)mark->line + 1, (unsigned)mark->column + 1 };
}

static bool next_event(struct parse *p)
{
	if (p->stopped)
		return false;
	yaml_event_delete(&p->event);
	if (yaml_parser_parse(&p->yaml, &p->event))
		return true;
	tree_text_explain(&p->yaml, p->file, p->text, p->len, p->report);
	p->stopped = true;
	return false;
}

/* Both bounds keep a small file from costing much memory or stack. */
static bool enter(struct parse *p, struct place place, unsigned depth)
{
	if (depth > DEPTH_MAX) {
		report_add(p->report, place, NULL, "nested deeper than %d, expected less", DEPTH_MAX);
		p->stopped = true;
	} else if (++p->nodes > NODES_MAX) {
		report_add(p->report, place, NULL, "more than %d values, expected less", NODES_MAX);
		p->stopped = true;
	}
	return !p->stopped;
}

static void refuse_anchor(struct parse *p, const yaml_char_t *anchor, struct place place)
{
	if (anchor)
		report_add(p->report, place, NULL, "found the anchor &%.64s, expected a plain value: anchors are not taken",
			   (const char *)anchor);
}

static void refuse_tag(struct parse *p, const yaml_char_t *tag, struct place place)
{
	if (tag)
		report_add(p->report, place, NULL, "found a tag ('!'), expected a plain value: tags are not taken");
}

static void refuse_properties(struct parse *p, const yaml_char_t *anchor, const yaml_char_t *tag, struct place place)
{
	refuse_anchor(p, anchor, place);
	refuse_tag(p, tag, place);
}

/* Who writes "! -i eth0" as in iptables means no tag: the text is shown as it must be written. */
static void refuse_scalar_tag(struct parse *p, const yaml_event_t *event, const struct node *node)
{
	const char *tag = (const char *)event->data.scalar.tag, *text = node->text;
	const char *key = node->key ? node->key : "", *colon = node->key ? ": " : "";

	if (!tag || tag[0] != '!' || node->quoted || strlen(key) > 64 || strlen(text) > 128 || strpbrk(text, "\"\\")) {
		refuse_tag(p, event->data.scalar.tag, node->place);
		return;
	}
	report_add(
		p->report, node->place, NULL,
		"found a tag ('!'), which is not taken: a value that begins with ! must be put in quotes: %s%s\"%.64s%s%s\"",
		key, colon, tag, *text ? " " : "", text);
}

static bool is_null_word(const char *text)
{
	return !*text || !strcmp(text, "~") || !strcmp(text, "null");
}

/* A terminated copy of a scalar, or NULL after a complaint: an escape can put a NUL into one. */
static char *copy_scalar(struct parse *p, const yaml_event_t *event, struct place place)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	if (memchr(value, 0, len)) {
		report_add(p->report, place, NULL, "found a NUL character in a text, expected none");
		return NULL;
	}
	return memory_copy(value, len);
}

static void parse_scalar(struct parse *p, const yaml_event_t *event, struct node *node)
{
	refuse_anchor(p, event->data.scalar.anchor, node->place);
	node->text = copy_scalar(p, event, node->place);
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if (!node->text) {
		refuse_tag(p, event->data.scalar.tag, node->place);
		node->kind = NODE_UNUSABLE;
		return;
	}
	refuse_scalar_tag(p, event, node);
	node->kind = !node->quoted && is_null_word(node->text) ? NODE_NULL : NODE_SCALAR;
}

static void clear(struct node *node)
{
	for (size_t i = 0; i < node->count; i++)
		clear(&node->children[i]);
	memory_free(node->children);
	memory_free(node->text);
	memory_free(node->key);
	*node = (struct node){ .kind = NODE_UNUSABLE };
}

static void append(struct node *parent, const struct node *child)
{
	/* Grows at powers of two, so no capacity needs to be kept. */
	if (!(parent->count & (parent->count - 1)))
		parent->children = memory_grow(parent->children, parent->count ? parent->count * 2 : 1, sizeof(*child));
	parent->children[parent->count++] = *child;
}

static void parse_list(struct parse *p, struct node *list, unsigned depth)
{
	while (next_event(p) && p->event.type != YAML_SEQUENCE_END_EVENT) {
		struct node item = { .kind = NODE_NULL };

		parse_node(p, &item, depth + 1);
		append(list, &item);
	}
}

/* Takes the key's event. Without a usable key entry->key is NULL: there is nothing to hang the value on. */
static void parse_key(struct parse *p, struct node *entry, unsigned depth)
{
	const yaml_event_t *event = &p->event;
	struct node key = { .kind = NODE_NULL };

	entry->key_place = mark_place(p, &event->start_mark);
	entry->place = entry->key_place;
	if (event->type != YAML_SCALAR_EVENT) {
		bool alias = event->type == YAML_ALIAS_EVENT;

		report_add(p->report, entry->key_place, NULL, "found %s, expected a key",
			   alias ? "an alias (aliases are not taken)" : "a list or a mapping");
		if (!alias)
			parse_node(p, &key, depth);
		clear(&key);
		return;
	}
	refuse_properties(p, event->data.scalar.anchor, event->data.scalar.tag, entry->key_place);
	entry->key = copy_scalar(p, event, entry->key_place);
	if (entry->key && !*entry->key) {
		report_add(p->report, entry->key_place, NULL, "expected a key before ':'");
		memory_free(entry->key);
		entry->key = NULL;
	}
}

static int compare_keys(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;
	int order = strcmp((*x)->key, (*y)->key);

	/* Entries of one array: their addresses tell their order in the file. */
	return order ? order : *x < *y ? -1 : *x > *y;
}

/* Entries that were cleared have no key any more. */
static void remove_cleared(struct node *map)
{
	size_t kept = 0;

	for (size_t i = 0; i < map->count; i++) {
		if (map->children[i].key)
			map->children[kept++] = map->children[i];
	}
	map->count = kept;
}

static void refuse_duplicates(struct parse *p, struct node *map)
{
	struct node **sorted;
	size_t first = 0;

	if (map->count < 2)
		return;
	sorted = memory_alloc(map->count, sizeof(*sorted));
	for (size_t i = 0; i < map->count; i++)
		sorted[i] = &map->children[i];
	qsort(sorted, map->count, sizeof(*sorted), compare_keys);
	for (size_t i = 1; i < map->count; i++) {
		if (strcmp(sorted[first]->key, sorted[i]->key)) {
			first = i;
			continue;
		}
		report_add(p->report, sorted[i]->key_place, NULL,
			   "duplicate key %.64s, expected it once: it stands at line %u already", sorted[i]->key,
			   sorted[first]->key_place.line);
		sorted[first]->partial = true;
		clear(sorted[i]);
	}
	memory_free(sorted);
	remove_cleared(map);
}

/* "<<: *base" would merge in keys that nobody knows now: not an entry of its own. */
static bool is_merge(const struct node *entry)
{
	return entry->kind == NODE_UNUSABLE && !strcmp(entry->key, "<<");
}

static void append_entry(struct node *map, struct node *entry)
{
	if (entry->key && !is_merge(entry)) {
		append(map, entry);
		return;
	}
	map->partial = true;
	clear(entry);
}

static void parse_map(struct parse *p, struct node *map, unsigned depth)
{
	while (next_event(p) && p->event.type != YAML_MAPPING_END_EVENT) {
		struct node entry = { .kind = NODE_NULL };

		parse_key(p, &entry, depth + 1);
		if (next_event(p))
			parse_node(p, &entry, depth + 1);
		append_entry(map, &entry);
	}
	if (!p->stopped)
		refuse_duplicates(p, map);
}

/* The event is gone when a list or mapping that begins with it is read. */
static void parse_node(struct parse *p, struct node *node, unsigned depth)
{
	const yaml_event_t *event = &p->event;

	node->place = mark_place(p, &event->start_mark);
	if (!enter(p, node->place, depth))
		return;
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		parse_scalar(p, event, node);
		break;
	case YAML_SEQUENCE_START_EVENT:
		refuse_properties(p, event->data.sequence_start.anchor, event->data.sequence_start.tag, node->place);
		node->kind = NODE_LIST;
		parse_list(p, node, depth);
		break;
	case YAML_MAPPING_START_EVENT:
		refuse_properties(p, event->data.mapping_start.anchor, event->data.mapping_start.tag, node->place);
		node->kind = NODE_MAP;
		parse_map(p, node, depth);
		break;
	case YAML_ALIAS_EVENT:
		report_add(p->report, node->place, NULL,
			   "found the alias *%.64s, expected the value itself: aliases are not taken",
			   (const char *)event->data.alias.anchor);
		node->kind = NODE_UNUSABLE;
		break;
	default: /* libyaml's, not ours: its grammar lets no other event stand for a value */
		report_add(p->report, node->place, NULL, "expected a value here");
		p->stopped = true;
		break;
	}
}

/* One document, begun and ended by whatever marks, and nothing behind it. */
static void parse_stream(struct parse *p, struct node *root)
{
	const yaml_event_t *event = &p->event;
	unsigned documents = 0;
	bool end = false;

	while (!end && next_event(p)) {
		switch (event->type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_STREAM_END_EVENT:
			end = true;
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
				report_add(p->report, mark_place(p, &event->start_mark), NULL,
					   "found %%TAG, expected a key: directives other than %%YAML are not taken");
			if (++documents > 1) {
				report_add(p->report, mark_place(p, &event->start_mark), NULL,
					   "found a second document ('---'), expected one");
				root->partial = true;
				end = true;
			}
			break;
		default:
			parse_node(p, root, 1);
			break;
		}
	}
}

static void parse_all(void *argument)
{
	struct parse *p = argument;

	p->root = memory_alloc(1, sizeof(*p->root));
	p->root->kind = NODE_NULL;
	p->root->place = (struct place){ p->file, 1, 1 };
	parse_stream(p, p->root);
}

struct node *tree_parse(const char *file, const char *text, size_t len, struct report *report)
{
	struct parse p = { .file = file, .text = text, .len = len, .report = report };
	int err;

	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		p.text += 3;
		p.len -= 3;
	}
	if (!tree_text_check(file, p.text, p.len, report))
		return NULL;
	if (!yaml_parser_initialize(&p.yaml))
		memory_fail();
	yaml_parser_set_encoding(&p.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p.yaml, (const unsigned char *)p.text, p.len);

	err = memory_try(parse_all, &p);
	yaml_event_delete(&p.event);
	yaml_parser_delete(&p.yaml);
	if (err)
		memory_fail();
	if (!p.stopped)
		return p.root;
	tree_free(p.root);
	return NULL;
}

const struct node *tree_get(const struct node *map, const char *key)
{
	if (!map || map->kind != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++) {
		if (!strcmp(map->children[i].key, key))
			return &map->children[i];
	}
	return NULL;
}

void tree_free(struct node *node)
{
	if (!node)
		return;
	clear(node);
	memory_free(node);
}
