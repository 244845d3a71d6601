/* SPDX-License-Identifier: GPL-2.0-or-later */
/* YAML text as a tree in which every node knows its place. JSON is valid too. */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include "daemon/config/report.h"

enum node_kind { NODE_NULL, NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	struct place place;
	bool quoted;          /* a scalar in quotes or block style: never a number, true, false or null */
	char *text;           /* a scalar's text, terminated; holds no NUL inside */
	char *key;            /* in a map: this entry's key */
	struct place key_place;
	struct node *children; /* items of a list, values of a map, in order */
	size_t count;
};

/*
 * Parses a text of len bytes. file names it in places and is kept by reference. Aliases, anchors' uses, tags, duplicate
 * keys, more than one document, NUL bytes, depth above 32 and nodes above 100,000 are refused, each with its place.
 * Returns NULL after adding to the report. An empty text gives a NODE_NULL.
 */
struct node *tree_parse(const char *file, const char *text, size_t len, struct report *report);

/* The value of a key in a map, or NULL. */
const struct node *tree_get(const struct node *map, const char *key);

void tree_free(struct node *node);

#endif
