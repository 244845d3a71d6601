/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of the kernel's rulesets: apply, delete, transaction and import are edits of a snapshot. */
#ifndef TOOL_EDIT_H
#define TOOL_EDIT_H

#include "daemon/tool/input.h"

/*
 * Changes a snapshot. Called again from the start, with attempt 1, 2, …, when others changed the same chains meanwhile.
 * 0, or -errno with error: nothing is changed then.
 */
typedef int edit_fn(void *context, struct nfv_rules *rules, unsigned attempt, struct nfv_rules_error *error);

/*
 * Runs the edit over these families, all or nothing, as --dry-run, --confirm and --json say, and tells what it changed.
 * source (NULL: none): the text whose lines errors show. Returns an exit code.
 */
int edit_run(struct say *say, const bool families[2], const struct input *source, edit_fn *edit, void *context);

#endif
