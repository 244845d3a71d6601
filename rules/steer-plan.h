/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queues of a caller, judged before any text is made of them. Pure. */
#ifndef RULES_STEER_PLAN_H
#define RULES_STEER_PLAN_H

#include <nfverdict/rules.h>

#include "rules/steer.h"
#include "rules/text.h"

/* One entry of one queue. */
struct steer_item {
	const struct steer_queue *queue;
	const struct steer_entry *entry;
	struct text match; /* the entry's tokens, quoted anew, each with a blank before it */
	bool refused;      /* told already: never part of a text */
};

struct steer_plan {
	struct steer_item *items; /* in the order of queues and entries */
	size_t count;
};

extern const char *const steer_tables[STEER_TABLES];

/*
 * Judges names, tables, chains, numbers and tokens. 0, -EINVAL after telling each finding (the plan then holds the
 * others too, and is to be freed), or -ENOMEM.
 */
int steer_plan_make(struct steer_plan *plan, const struct steer_queue *queues, size_t count, steer_error_fn *tell,
		    void *context);
void steer_plan_free(struct steer_plan *plan);

/* True when the entry goes into that family's ruleset. */
bool steer_item_in(const struct steer_item *item, enum nfv_family family);

/* 1 to STEER_NAME_MAX bytes of [A-Za-z0-9_-]. */
bool steer_name_valid(const char *name);

#endif
