/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What iptables-save will print of a chain after a script: rules that stay, byte for byte; rules that are put in, as far as
 * spelling is known. Pure.
 */
#ifndef RULES_SCRIPT_EXPECT_H
#define RULES_SCRIPT_EXPECT_H

#include "rules/script-plan.h"

/* Rules that are put in, from place `at` on. */
struct script_range {
	uint32_t at, count;
	bool loose; /* they hold an extension that is not known, so the tool may spell them in any way: not compared */
};

struct script_expect {
	uint64_t hash; /* 0: no chain */
	struct script_range *ranges;
	size_t count, size;
};

/* 0 or -ENOMEM. */
int script_expect_make(struct script_expect *expect, const struct script_plan *plan);
void script_expect_free(struct script_expect *expect);

/* Is the chain (NULL: there is none) what was expected? */
bool script_expect_fits(const struct script_expect *expect, const struct nfv_chain *chain);

#endif
