/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the kernel's rulesets. For texts of users see nfv_rules_read(). Pure. */
#ifndef RULES_READ_H
#define RULES_READ_H

#include "rules/model.h"

/*
 * Reads what iptables-save printed. Rules of others may be odd: a comment holds a newline, a name holds a quote. Such a
 * rule is kept byte for byte, newlines included, and nothing is refused but a text that was cut (-EINVAL). Rules get no
 * origin. On failure the ruleset is as it was.
 */
int read_live(struct nfv_rules *rules, const char *text, size_t len, struct nfv_rules_error *error);

#endif
