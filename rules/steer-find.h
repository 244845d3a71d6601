/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which chains and rules of a table are ours. Pure. */
#ifndef RULES_STEER_FIND_H
#define RULES_STEER_FIND_H

#include <nfverdict/rules.h>

#include "rules/queues.h"

/* A chain that is named like ours, as found in a table. */
struct steer_chain {
	struct nfv_chain *chain;
	struct nfv_rule *own_rule; /* that may be ours: the first plain NFQUEUE rule; NULL */
	size_t jumps;    /* of ours that lead to it */
	bool bound;      /* somebody listens on a number of its plain NFQUEUE rules */
	bool foreign;    /* a rule that is not ours leads to it */
	bool chosen;     /* set by the caller: it is to be removed */
};

/* A jump of ours. */
struct steer_jump {
	struct nfv_rule *rule;
	size_t to; /* index in the chains */
};

struct steer_found {
	struct nfv_table *table;
	struct steer_chain *chains;
	size_t count;
	struct steer_jump *jumps;
	size_t jump_count, jump_size;
	struct queues numbers; /* of the plain NFQUEUE rules in these chains */
};

/*
 * True when it is one of our chains. A name says little, others may use it too: a jump with our tag leads to it, or no
 * jump at all does and it holds our rule alone, or nothing.
 */
bool steer_chain_ours(const struct steer_chain *chain);

/* How many of its rules are not ours, if it is ours. */
size_t steer_chain_others(const struct steer_chain *chain);

/* True when it must stay, because of a rule that leads to it or stands in it and is not ours. */
bool steer_chain_stays(const struct steer_chain *chain);

/*
 * True when the rule's target is NFQUEUE: its numbers, and whether it is plain as ours are: for every packet, with no option
 * that we do not write.
 */
bool steer_target_numbers(const struct nfv_rule *rule, uint16_t *first, uint16_t *last, bool *plain);

/* Finds chains named like ours and our jumps in a table. listening: see bound; NULL: nobody. 0 or -ENOMEM. */
int steer_find(struct steer_found *found, struct nfv_table *table, const struct queues *listening);
void steer_found_free(struct steer_found *found);

#endif
