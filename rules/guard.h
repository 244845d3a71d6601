/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watches an owner's rules in the kernel, and puts them back. */
#ifndef RULES_GUARD_H
#define RULES_GUARD_H

#include "rules/live.h"

struct mnl_socket;

struct nfv_guard {
	struct nfv_live *live;
	struct nfv_rules *wanted[2]; /* by family, rules with tags; NULL: nothing of that family */
	size_t *places[2]; /* by chain of wanted, in their order: rules before ours. SIZE_MAX: at the end */
	char *owner;
	struct mnl_socket *watch; /* NULL: there are no generations, or nobody tells of them */
	uint64_t generation; /* that was found in order; 0: none */
	struct nfv_guard_counters counters;
	bool broken; /* something is gone and not put back yet */
	int64_t repair_ms; /* no repair before */
	int64_t repaired_ms; /* the last one */
	int64_t look_ms; /* next look, without generations */
	int wait_ms; /* after the next repair */
};

#define GUARD_WAIT_MIN_MS 1000
#define GUARD_WAIT_MAX_MS 60000
#define GUARD_LOOK_MS     1000 /* between looks without generations */
#define GUARD_LOOK_SHARE  20 /* one part looking, so many parts not */
#define GUARD_IDLE_MS     60000 /* with them: should a notice get lost */

/* guard-wanted.c: the ruleset and what is wanted of it. */

/* Puts what is wanted into a ruleset. 0 or -errno. */
int guard_put(const struct nfv_guard *guard, struct nfv_rules *rules);
/*
 * Remembers from a ruleset that is in order where our rules stand, and how the tool spells them: what the tool alone
 * knows to spell would look changed for ever.
 */
int guard_learn(struct nfv_guard *guard, const struct nfv_rules *rules);
/* A copy of what is wanted, with tags. 0 or -errno. */
int guard_take_wanted(struct nfv_guard *guard, const struct nfv_rules *wanted);

#endif
