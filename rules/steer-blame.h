/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is to blame for rules that could not be installed. */
#ifndef RULES_STEER_BLAME_H
#define RULES_STEER_BLAME_H

#include "rules/steer-run.h"
#include "rules/steer-text.h"

/* What the tool said of a text. */
struct steer_refusal {
	unsigned line; /* of the text, 0: none */
	const char *cause;
};

/*
 * Tells who is to blame for a refused text, and notes the tables that may hold rules of ours: those committed before,
 * and the one whose entries had to be tried one by one. `save` is the ruleset that the text was made for.
 */
void steer_blame(const struct steer_run *run, const struct steer_plan *plan, const struct save *save,
		 const struct steer_text *text, const struct steer_refusal *refusal, bool installed[STEER_TABLES]);

#endif
