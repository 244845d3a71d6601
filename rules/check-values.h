/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of check-words.c: values of options, and options that a match or target cannot be without. Pure. */
#ifndef RULES_CHECK_VALUES_H
#define RULES_CHECK_VALUES_H

#include "rules/check.h"

struct extension_option;
struct view_option;

struct check_values {
	struct check_table *table;
	const struct check_node *node;
	const struct nfv_rule *rule;
};

/* check-values.c */
void check_value(const struct check_values *check, const struct nfv_extension *extension,
		 const struct extension_option *known, const struct view_option *option);

/* check-needs.c: the options of one extension together, and the protocol that it needs. */
void check_needs(const struct check_values *check, const struct nfv_extension *extension, const struct view *view);

#endif
