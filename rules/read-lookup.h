/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules found by what they say, while a text with many commands is read: each search through all rules would take as long
 * as the text has rules. What finds them quickly is made when it is first worth it, and goes when the text ends.
 */
#ifndef RULES_READ_LOOKUP_H
#define RULES_READ_LOOKUP_H

#include "rules/read-index.h"

enum read_lookup_kind { READ_LOOKUP_TARGET, READ_LOOKUP_TEXT, READ_LOOKUP_KEY, READ_LOOKUP_KINDS };

struct read_lookup {
	struct read_index *kinds[READ_LOOKUP_KINDS]; /* NULL: not made */
	size_t steps; /* rules that were looked at in vain */
	bool any;
};

void read_lookup_free(struct read_lookup *lookup);

/* The number of the rules of a table that lead to a name. */
uint64_t read_lookup_target(const struct nfv_table *table, const char *name, size_t len);
/* By the targets that their texts name. NULL: no memory. */
const struct read_index *read_lookup_targets(struct read_lookup *lookup, const struct nfv_rules *rules);

/* The position of the first rule of the same text, else of the first that is equal, or -ENOENT. */
long read_lookup_rule(struct read_lookup *lookup, const struct nfv_rules *rules, struct nfv_chain *chain, struct spec *spec);

static inline bool read_lookup_any(const struct read_lookup *lookup)
{
	return lookup->any;
}

/* A rule was put into a chain, or will be taken out. */
void read_lookup_add(struct read_lookup *lookup, struct nfv_rule *rule);
void read_lookup_remove(struct read_lookup *lookup, const struct nfv_rule *rule);

static inline void read_lookup_came(struct read_lookup *lookup, struct nfv_rule *rule)
{
	if (lookup->any)
		read_lookup_add(lookup, rule);
}

static inline void read_lookup_gone(struct read_lookup *lookup, const struct nfv_rule *rule)
{
	if (lookup->any)
		read_lookup_remove(lookup, rule);
}

#endif
