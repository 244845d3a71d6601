/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole rulesets on standard output. */
#ifndef TOOL_RULESETS_PRINT_H
#define TOOL_RULESETS_PRINT_H

#include "daemon/tool/input.h"

/* As restore text; two families have a "# family …" line before each, which the commands here read. An exit code. */
int rulesets_print_text(struct say *say, const struct rulesets *rulesets, unsigned flags);

/* As JSON: one object, or a list of two. An exit code. */
int rulesets_print_json(struct say *say, const struct rulesets *rulesets);

#endif
