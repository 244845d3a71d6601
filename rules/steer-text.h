/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts by which the tool judges entries without acting on them. Pure. */
#ifndef RULES_STEER_TEXT_H
#define RULES_STEER_TEXT_H

#include "rules/steer-plan.h"

#define STEER_NONE ((size_t)-1)

struct steer_scope {
	enum nfv_family family;
	size_t item;     /* one alone; STEER_NONE: all */
	bool match_last; /* the match behind all of ours, so that an option without its value swallows nothing */
};

/* The text for --test. Empty when no item is in the scope. 0 or -ENOMEM. */
int steer_text_test(struct text *text, const struct steer_plan *plan, const struct steer_scope *scope);

/* Adds the words of the queue's own rule, and of an entry's jump, each behind "-A CHAIN ". */
void steer_text_rule(struct text *text, const struct steer_queue *queue);
void steer_text_jump(struct text *text, const struct steer_item *item, bool match_last);

#endif
