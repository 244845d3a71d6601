/* SPDX-License-Identifier: GPL-2.0-or-later */
/* YAML text as a tree in which every node knows its place. JSON is valid too. */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include "daemon/config/report.h"

/* NODE_UNUSABLE: a mistake that was reported stands here, and nothing is known of what was meant. */
enum node_kind { NODE_NULL, NODE_SCALAR, NODE_LIST, NODE_MAP, NODE_UNUSABLE };

struct node {
	enum node_kind kind;
	struct place place;
	bool quoted;          /* a scalar in quotes or block style: never a number, true, false or null */
	bool partial;         /* something of it was reported and left out: what is not there is not missing */
	char *text;           /* a scalar's text, terminated; holds no NUL inside */
	char *key;            /* in a map: this entry's key */
	struct place key_place;
	struct node *children; /* items of a list, values of a map, in order */
	size_t count;
};

/*
 * Parses a text of len bytes. file names it in places and is kept by reference. An empty text gives a NODE_NULL.
 *
 * Mistakes are added to the report. Behind these the rest is still good for being judged, and the tree is returned: an
 * anchor or a tag is ignored, an alias or a text with a NUL in it becomes a NODE_UNUSABLE, of two equal keys the first
 * is kept, a key that is no text is left out with its value, a second document is not read. What is not text, not YAML,
 * deeper than 32 or has more than 100,000 nodes gives NULL. Whoever puts a tree into force must look whether the report
 * has grown.
 */
struct node *tree_parse(const char *file, const char *text, size_t len, struct report *report);

/* The value of a key in a map, or NULL. */
const struct node *tree_get(const struct node *map, const char *key);

void tree_free(struct node *node);

#endif
