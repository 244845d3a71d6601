/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains of a table by name: a hash table, for rulesets have thousands of chains. Pure. */
#ifndef RULES_NAMES_H
#define RULES_NAMES_H

#include "rules/model.h"

/* 0 or -ENOMEM. Two chains of one name: the first is found. */
int names_add(struct nfv_table *table, struct nfv_chain *chain);
void names_remove(struct nfv_table *table, const struct nfv_chain *chain);
void names_free(struct nfv_table *table);

#endif
