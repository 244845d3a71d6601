/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a script that turn one chain into what it shall be, after a plan. Pure. */
#ifndef RULES_SCRIPT_EDIT_H
#define RULES_SCRIPT_EDIT_H

#include "rules/script.h"
#include "rules/script-plan.h"

/* Adds what was written since the last call as one line. rule: of the caller, NULL. Out of memory: text.failed. */
void script_edit_line(struct script *script, const struct nfv_rule *rule, const char *chain);

/*
 * Rules taken out and put in one by one. 0, -ENOMEM, -EINVAL when a rule's text holds a newline and so cannot be written,
 * -EMSGSIZE when a line would be too long for the tool.
 */
int script_edit_edits(struct script *script, const struct script_plan *plan);
/* All rules put in, behind the line that emptied the chain. Likewise. */
int script_edit_fill(struct script *script, const struct script_plan *plan);

#endif
