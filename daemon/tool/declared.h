/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules for chains that nobody declared: a name that is misspelt. */
#ifndef TOOL_DECLARED_H
#define TOOL_DECLARED_H

#include <nfverdict/rules.h>

/*
 * Tells of each chain of the user that has rules in `wanted`, but is neither declared there nor in the kernel's ruleset
 * (NULL: that is not known). iptables-restore would refuse it too. Returns how many there are.
 */
size_t declared_check(const struct nfv_rules *wanted, const struct nfv_rules *kernel, nfv_rules_report_fn *report,
		      void *context);

#endif
