/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a worker's counters lie in its shared memory, told by name: a worker of an older or newer nfverdictd goes on while
 * this one takes its place, and what it counted must be found in its memory, whatever its struct looks like. Pure.
 */
#ifndef PROCESS_LAYOUT_H
#define PROCESS_LAYOUT_H

#include "daemon/process/shared.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define LAYOUT_FIELDS_MAX 64 /* that this version knows, of either kind */
#define LAYOUT_HANDLERS_MAX 64

struct layout_field {
	uint32_t at;    /* from the beginning of the struct */
	uint32_t bytes; /* of one element; 0: that version has no such field */
	uint32_t count; /* elements */
};

struct layout {
	uint32_t handlers_at;  /* the first handler's struct */
	uint32_t handler_size;
	struct layout_field head[LAYOUT_FIELDS_MAX];    /* of struct shared, in an order of this version's */
	struct layout_field handler[LAYOUT_FIELDS_MAX]; /* of struct handler_counters */
};

/* This version's. */
void layout_own(struct layout *layout);

bool layout_equal(const struct layout *a, const struct layout *b);

/* NULL without memory. */
json_t *layout_to_json(const struct layout *layout);

/* Fields of unknown names are ignored. 0, or -EINVAL with why: nothing of what it says reaches beyond its structs. */
int layout_from_json(struct layout *layout, const json_t *json, char *why, size_t why_size);

/* Bytes that memory of this layout has for a number of handlers. */
size_t layout_size(const struct layout *layout, size_t handlers);

/*
 * Copies what both know: from memory of this layout, of at least layout_size() bytes, into one of this version, which has
 * room for as many handlers and was zeroed. The writer may be at work.
 */
void layout_read(const struct layout *layout, const void *memory, size_t handlers, struct shared *to);

#endif
