/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules by a number, while a text is read: those that lead to a chain, or that say the same. Several rules may have one
 * number, and a number may belong to things that differ: the caller looks. Each rule is in it once. Pure.
 */
#ifndef RULES_READ_INDEX_H
#define RULES_READ_INDEX_H

#include "rules/model.h"

struct read_index;

/* NULL: no memory. */
struct read_index *read_index_new(void);
void read_index_free(struct read_index *index);

/* 0 or -ENOMEM. */
int read_index_add(struct read_index *index, struct nfv_rule *rule, uint64_t number);
/* If it is there. */
void read_index_remove(struct read_index *index, const struct nfv_rule *rule);

/* The rules of a number: *place is 0 at first. Between two, none comes or goes. NULL: no more. */
struct nfv_rule *read_index_next(const struct read_index *index, uint64_t number, uint32_t *place);

#endif
