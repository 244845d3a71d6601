/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers for rules: two rules have the same number when they are equal. Bytes are compared first, and only what has no twin
 * on the other side is looked at through spelling, for that means to parse it. Pure.
 */
#ifndef RULES_SCRIPT_CLASS_H
#define RULES_SCRIPT_CLASS_H

#include "rules/script-side.h"

struct script_classes {
	uint32_t *from, *to; /* the number of each rule in the range */
	uint32_t count;      /* numbers are below it */
};

/*
 * A range of each side. exact: also rules that have twins of their own bytes are looked at through spelling, so that equal
 * rules of one side have the same number whatever their bytes. 0 or -ENOMEM.
 */
int script_classes_make(struct script_classes *classes, const struct script_side *from, size_t from_begin, size_t from_end,
			const struct script_side *to, size_t to_begin, size_t to_end, bool exact);
void script_classes_free(struct script_classes *classes);

#endif
