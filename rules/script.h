/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The difference of two states as text for iptables-restore --noflush --counters, and what each line of it is for. Pure. */
#ifndef RULES_SCRIPT_H
#define RULES_SCRIPT_H

#include "rules/base.h"
#include "rules/text.h"

struct script_expect;

/* Two states of a chain; either may be NULL: it is not there. A built-in one then is empty, with policy ACCEPT. */
struct script_chain {
	const struct nfv_chain *from_chain; /* the state before, as a chain, */
	const struct base *from_base;       /* or as a base; both NULL: none */
	const struct nfv_chain *to_chain;
	const struct base *to_base;
	bool builtin;
	bool keep_policy;                   /* leave it, whatever `to` has */
	struct script_expect *expect;       /* out: what the kernel will have (script-expect.h); NULL: not wanted */
};

struct script_line {
	const struct nfv_rule *rule;        /* the caller's rule that this line puts in; NULL */
	const char *chain;                  /* belongs to one of the states; NULL: of the whole table */
};

struct script {
	struct text text;                   /* "*table", lines, "COMMIT" */
	struct script_line *lines;          /* lines[0] is line 1 */
	size_t line_count, line_size;
	size_t edits;                       /* rules put in, taken out or changed, chains made and removed, policies set */
	const struct nfv_rule *blame;       /* after a failure: the rule that cannot be written; NULL */
};

/*
 * Adds the script for one table. flags: enum nfv_diff_flags. Nothing is added when there is nothing to do. Chains are made
 * before rules lead to them and removed after; tables and built-in chains are never removed.
 *
 * NFV_DIFF_BY_VALUE: others may change the table before the tool reads it. Nothing of theirs is deleted or flushed: rules go
 * by what they are, chains are made with -N (which fails when one of that name is there) and removed with -X alone (which
 * fails when something is in it). What is put in may stand some places off.
 * NFV_DIFF_LEGACY: `chains` must hold every built-in chain of the table, also those without a change, for their counters.
 *
 * 0, -ENOMEM, -EINVAL when a rule that has to be put in or deleted by value holds a newline, -EMSGSIZE when a line would be
 * too long. After a failure the script is as it was, but for blame.
 */
int script_table(struct script *script, const char *table, enum nfv_family family, const struct script_chain *chains,
		 size_t count, unsigned flags);
void script_free(struct script *script);

#endif
