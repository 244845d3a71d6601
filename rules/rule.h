/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of rules share. */
#ifndef RULES_RULE_H
#define RULES_RULE_H

#include "rules/model.h"

/*
 * A rule from what follows "-A CHAIN ", which it keeps byte for byte; `-c packets bytes` in it become its counters. NULL
 * with errno and error, its column counted in the text.
 */
struct nfv_rule *rule_from_text(const char *text, size_t len, struct nfv_rules_error *error);

/* The view for a change, touched. NULL with *err: -ENOMEM, or -EINVAL when the text is none of a rule. */
struct view *rule_change(struct nfv_rule *rule, int *err);
/* After a change of the view that gave err: 0 or -errno. The rule may be gone then. */
int rule_view_done(struct nfv_rule *rule, int err);
/* After another change. */
int rule_changed(struct nfv_rule *rule);

/* At most max bytes, without control characters but for tabs. */
bool rule_text_ok(const char *text, size_t max);

/* Can it be the value of the field? A family of -1: of either. */
bool rule_field_ok(enum nfv_field field, const char *value, bool negated, int family);

#endif
