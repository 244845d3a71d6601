/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rules lead to a chain, found without making a view of each. */
#ifndef RULES_CHAIN_H
#define RULES_CHAIN_H

#include "rules/model.h"

enum lead {
	LEAD_NONE,
	LEAD_TAIL, /* it does, the name is the end of its text, bare, and it has no view */
	LEAD_VIEW, /* it does, and its view says so; the view may have been made for that */
	LEAD_UNKNOWN, /* memory ran out */
};

/* Does the rule jump or go to a chain of that name? */
enum lead chain_lead(const struct nfv_rule *rule, const char *name, size_t len);

#endif
