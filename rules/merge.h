/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A change of ours, and a table that others have changed since: was the change taken, and how is it taken back without
 * touching what is theirs? Chain by chain, the rules that stood there before the change are found again in what stands
 * there now; what is left over is ours when the change put it in, and somebody else's if not. Pure, but for what it asks
 * the tool.
 */
#ifndef RULES_MERGE_H
#define RULES_MERGE_H

#include "rules/change.h"

/*
 * Does the tool take both for the same rule? The kernel's words, and ours. May be NULL: then only spelling that is known
 * counts.
 */
typedef bool merge_same_fn(void *context, const struct change_part *part, const struct nfv_rule *now,
			   const struct nfv_rule *ours);

struct merge_ask {
	merge_same_fn *same;
	void *context;
};

/*
 * state: CHANGE_AFTER: it was taken, CHANGE_BEFORE: it was not, whatever others did; CHANGE_NEITHER: that cannot be
 * told. others: somebody else changed the same chains. partly: some of what it does tells that it was taken, and the rest is
 * not there; so it may also be somebody else who put in an equal rule. 0, -ENOMEM, or -EINVAL for a part that changes
 * nothing.
 */
struct merge_finding {
	enum change_state state;
	bool others, partly;
};

int merge_look(const struct change_part *part, const struct nfv_rules *now, const struct merge_ask *ask,
	       struct merge_finding *finding);
/* What `now` shall be when the change is taken back, to be freed. NULL with errno. */
struct nfv_rules *merge_undo(const struct change_part *part, const struct nfv_rules *now, const struct merge_ask *ask);

#endif
