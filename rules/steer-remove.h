/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes our chains and jumps out of a family's ruleset. */
#ifndef RULES_STEER_REMOVE_H
#define RULES_STEER_REMOVE_H

#include "rules/steer-find.h"
#include "rules/steer-run.h"
#include "rules/text.h"

/* Removes what nobody listens to, but for the caller's own numbers, and adds to its counts. 0, or -errno after telling why: what
 * could not be removed was emptied if possible. */
int steer_remove(const struct steer_run *run, struct steer_sweep *sweep);

/*
 * Finds what is ours in a table, and who listens but for the caller's own numbers. The listeners are read after the ruleset:
 * who steers has bound before. 0, or -errno after telling why.
 */
int steer_remove_find(const struct steer_run *run, struct nfv_table *table, const struct steer_sweep *sweep,
		      struct steer_found *found);

/* Takes our rules out of a chain: where others have put theirs, no others. 0 or -errno. */
int steer_remove_rules(const struct steer_chain *chain);

/* Adds a line on a chain that has to stay. steer_remove_tell() tells all of them, once, and spoils the text. */
void steer_remove_note(struct text *stays, const struct steer_found *found, const struct steer_chain *chain);
void steer_remove_tell(const struct steer_run *run, struct text *stays);

#endif
