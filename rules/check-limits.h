/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where matches and targets work. Data, and the search in it. Pure. */
#ifndef RULES_CHECK_LIMITS_H
#define RULES_CHECK_LIMITS_H

#include "rules/view.h"

enum check_hook {
	HOOK_PREROUTING = 1 << 0,
	HOOK_INPUT = 1 << 1,
	HOOK_FORWARD = 1 << 2,
	HOOK_OUTPUT = 1 << 3,
	HOOK_POSTROUTING = 1 << 4,
};
#define HOOK_ALL 31u

struct check_limit {
	const char *name;
	bool is_target;
	const char *option; /* only with this option; NULL: always */
	const char *value;  /* and with this value of it; NULL: any */
	const char *tables; /* the only ones, with commas; NULL: any */
	unsigned hooks;     /* enum check_hook */
};

/* The next limit that holds for the extension as it is written, behind `last` (NULL: the first); NULL: no more. */
const struct check_limit *check_limit_next(const struct nfv_extension *extension, const struct check_limit *last);

/* Of a built-in chain's name; 0: none. */
unsigned check_hook_of(const char *chain);
/* "INPUT or FORWARD" in text. */
void check_hook_names(unsigned hooks, char *text, size_t size);

#endif
