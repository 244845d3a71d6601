/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains come and go. */
#ifndef RULES_TABLE_H
#define RULES_TABLE_H

#include "rules/model.h"

/*
 * May a chain of the user in this table get that name? 0, -EINVAL or -ENAMETOOLONG. Unlike chain_name_check() it refuses
 * names that the tools refuse for -N: those of targets and of built-in chains.
 */
int table_check_name(const struct nfv_table *table, const char *name);

/* Makes sure that one more chain can be put among the removed ones. */
int table_reserve_removed(struct nfv_table *table, size_t count);
/*
 * Takes a chain out of its table and frees it. What the kernel has of it becomes one of the removed chains: the chain must
 * have been touched, and the room be reserved. Cannot fail.
 */
void table_drop_chain(struct nfv_chain *chain);

#endif
