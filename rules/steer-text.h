/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts for iptables-restore that put chains and jumps in and take them out, and what each line of them stands for. Pure. */
#ifndef RULES_STEER_TEXT_H
#define RULES_STEER_TEXT_H

#include "rules/queues.h"
#include "rules/save.h"
#include "rules/steer-plan.h"

#define STEER_COMMENT "nfv:" /* before the queue's name: the comment of our jumps */
#define STEER_NONE ((size_t)-1)

/* What a line is for. */
struct steer_line {
	size_t table;                    /* index in steer_tables */
	size_t item;                     /* of the plan: the jump; STEER_NONE */
	const struct steer_queue *queue; /* the chain; NULL: neither */
};

struct steer_text {
	struct text text;
	struct steer_line *lines;        /* lines[0] is line 1 */
	size_t line_count, line_size;
};

struct steer_scope {
	enum tool_family family;
	size_t item;              /* one alone; STEER_NONE: all */
	bool test;                /* only to be judged: chains that are there do not matter */
	const struct save *found; /* the ruleset: a chain of it is used as it is, others are made. NULL: none is there */
};

/* The text that installs a plan's items in one family. Empty when none of them is in it. 0 or -ENOMEM. */
int steer_text_install(struct steer_text *text, const struct steer_plan *plan, const struct steer_scope *scope);
void steer_text_free(struct steer_text *text);

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
	size_t *jump_of; /* by rule of the table: index in chains of where our jump leads, STEER_NONE */
};

/* Finds our chains and jumps in a table. listening: see bound; NULL: nobody. 0 or -ENOMEM. */
int steer_find(struct steer_found *found, const struct save_table *table, const struct queues *listening);
void steer_found_free(struct steer_found *found);

/*
 * The text that removes the chosen chains and our jumps to them. A chain with a foreign rule that leads to it is emptied only. flush_only:
 * all are emptied only. Empty when nothing is chosen. Out of memory: text->failed.
 */
void steer_text_remove(struct text *text, const struct steer_found *found, bool flush_only);

#endif
