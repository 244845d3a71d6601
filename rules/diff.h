/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which chains of two rulesets belong together. Pure. */
#ifndef RULES_DIFF_H
#define RULES_DIFF_H

#include "rules/script.h"

struct diff_table {
	const char *name;
	struct script_chain *chains; /* of `to` in its order, then those that only `from` has */
	size_t count;
};

struct diff_tables {
	struct diff_table *items;
	size_t count;
};

/* flags: enum nfv_diff_flags. 0 or -ENOMEM. */
int diff_pair(struct diff_tables *tables, const struct nfv_rules *from, const struct nfv_rules *to, unsigned flags);
void diff_free(struct diff_tables *tables);

#endif
