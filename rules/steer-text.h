/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts for iptables-restore that put chains and jumps in and take them out, and what each line of them stands for. Pure. */
#ifndef RULES_STEER_TEXT_H
#define RULES_STEER_TEXT_H

#include "rules/steer-find.h"
#include "rules/steer-plan.h"

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
	bool match_last;          /* the match behind all of ours, so that an option without its value swallows nothing */
	bool bare;                /* chains are left empty: nothing happens to packets */
	const struct save *found; /* the ruleset: a chain of it is used as it is, others are made. NULL: none is there */
};

/* The text that installs a plan's items in one family. Empty when none of them is in it. 0 or -ENOMEM. */
int steer_text_install(struct steer_text *text, const struct steer_plan *plan, const struct steer_scope *scope);
void steer_text_free(struct steer_text *text);

/* How jumps are taken out. */
enum steer_removal {
	STEER_BY_SPEC,   /* by what they are */
	STEER_BY_NUMBER, /* by where they stand: the tool does not find all matches again by what it prints of them */
	STEER_FLUSH,     /* not at all: the chains are emptied */
};

/*
 * The text that removes the chosen chains and our jumps to them. A chain with a foreign rule that leads to it is emptied
 * only; one with a foreign rule in it loses our rule only. By number only the jumps to chains that are removed in the
 * same text are taken out: should a number have come to mean another rule, then one of ours is left, the chain cannot be
 * removed, and the tool undoes the whole table. Empty when nothing is chosen. Out of memory: text->failed.
 */
void steer_text_remove(struct text *text, const struct steer_found *found, enum steer_removal how);

#endif
