/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The difference of two states as text for iptables-restore --noflush --counters, and what each line of it is for. Pure. */
#ifndef RULES_SCRIPT_H
#define RULES_SCRIPT_H

#include "rules/base.h"
#include "rules/text.h"

/* Two states of a chain; either may be NULL: it is not there. */
struct script_chain {
	const struct nfv_chain *from_chain; /* the state before, as a chain, */
	const struct base *from_base;       /* or as a base; both NULL: none */
	const struct nfv_chain *to_chain;
	const struct base *to_base;
};

struct script_line {
	const struct nfv_rule *rule;        /* the caller's rule that this line puts in; NULL */
	const char *chain;                  /* belongs to one of the states */
};

struct script {
	struct text text;                   /* "*table", lines, "COMMIT" */
	struct script_line *lines;          /* lines[0] is line 1 */
	size_t line_count, line_size;
	size_t edits;                       /* rules put in, taken out or changed */
};

/*
 * Adds the script for one table. flags: enum nfv_diff_flags. Nothing is added when there is nothing to do. 0 or -errno.
 * Chains are made before rules lead to them and removed after.
 */
int script_table(struct script *script, const char *table, enum nfv_family family, const struct script_chain *chains, size_t count,
		 unsigned flags);
void script_free(struct script *script);

#endif
