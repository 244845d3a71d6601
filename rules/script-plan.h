/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How one state of a chain becomes another: which rules stay, and whether edits or a refill are cheaper. Pure. */
#ifndef RULES_SCRIPT_PLAN_H
#define RULES_SCRIPT_PLAN_H

#include "rules/script-lcs.h"
#include "rules/script-side.h"

struct script_plan {
	struct script_side from, to;
	size_t from_count, to_count;
	size_t prefix, suffix;    /* rules that stay at both ends; */
	struct script_pair *kept; /* those between */
	size_t kept_count;
	uint32_t *source;         /* by place in `to`, behind the prefix: 1 + place in `from` of the same rule; 0: new */
	unsigned flags;
	bool refill;
};

/* Rules that go and rules that come between two that stay. */
struct script_hunk {
	size_t from, from_end, to, to_end;
};

struct script_walk {
	size_t pair, from, to;
	bool done;
};

/* flags: enum nfv_diff_flags. The sides must outlast the plan. 0 or -ENOMEM. */
int script_plan_make(struct script_plan *plan, const struct script_side *from, const struct script_side *to, unsigned flags);
void script_plan_free(struct script_plan *plan);

/* The next hunk that is not empty, in their order; *walk all zero at first. */
bool script_plan_next(const struct script_plan *plan, struct script_walk *walk, struct script_hunk *hunk);
/* The next pair of rules that stay, likewise. */
bool script_plan_next_kept(const struct script_plan *plan, struct script_walk *walk, struct script_pair *pair);

/* The place in `from` of the rule at a place in `to`, whether it stays there or is taken out and put in again; -1: new. */
long script_plan_source(const struct script_plan *plan, size_t to);
/* What it is put in with. */
struct script_counters script_plan_counters(const struct script_plan *plan, size_t to);

#endif
