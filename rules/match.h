/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judges the match that a user wrote for a jump: it may choose packets and do nothing else. Pure. */
#ifndef RULES_MATCH_H
#define RULES_MATCH_H

#include "rules/text.h"

/*
 * Takes a match as text, refuses whatever would be a command, a target, a table, or change how the tool reads the line,
 * and adds each token, quoted anew, with a blank before it, to out. 0, -EINVAL with one line in why, or -ENOMEM.
 */
int match_check(const char *match, struct text *out, char *why, size_t why_size);

#endif
