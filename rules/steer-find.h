/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which chains and rules of a table are ours. Pure. */
#ifndef RULES_STEER_FIND_H
#define RULES_STEER_FIND_H

#include "rules/queues.h"
#include "rules/save.h"

#define STEER_COMMENT "nfv:" /* before the queue's name: the comment of our jumps */
#define STEER_NONE ((size_t)-1)

/* One of our chains, as found in a table. */
struct steer_chain {
	size_t chain;    /* index in the table */
	size_t rules;    /* in it */
	size_t jumps;    /* of ours that lead to it */
	bool steers;     /* one of its rules is an NFQUEUE rule */
	bool bound;      /* somebody listens on one of its queue numbers */
	bool foreign;    /* a rule that is not ours leads to it */
	bool chosen;     /* set by the caller: it is to be removed */
};

struct steer_found {
	const struct save_table *table;
	struct steer_chain *chains;
	size_t count;
	struct queues numbers; /* of all NFQUEUE rules in our chains */
	size_t *jump_of; /* by rule of the table: index in chains of where our jump leads, STEER_NONE */
};

/* Finds our chains and jumps in a table. listening: see bound; NULL: nobody. 0 or -ENOMEM. */
int steer_find(struct steer_found *found, const struct save_table *table, const struct queues *listening);
void steer_found_free(struct steer_found *found);

#endif
