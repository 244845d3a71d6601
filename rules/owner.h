/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose rule it is: a match `-m comment --comment nfv:<owner>:<hash>` of its own, behind other comments. The hash, 16
 * digits, is of the rule without this match, so it tells whether somebody changed the rule. A comment `nfv:<queue>` of
 * steering has one part less and is no such tag. Pure.
 */
#ifndef RULES_OWNER_H
#define RULES_OWNER_H

#include "rules/model.h"

#define OWNER_PREFIX "nfv:"
#define OWNER_MAX    20 /* bytes of an owner's name */
#define OWNER_DIGITS 16 /* of the hash */

/* 0 or -EINVAL: may that be an owner's name? */
int owner_check(const char *owner);

/* True when the rule has a tag of that owner. Only looks at the text. */
bool owner_has(const struct nfv_rule *rule, const char *owner);

/*
 * Makes the owner's rules of one chain those of `wanted` (NULL: none). They stand together where the first of them stood;
 * when there was none, behind the first `before` rules. Rules that are there already stay the same objects. Nothing is
 * touched when nothing has to change. 0 or -errno.
 */
int owner_put_chain(struct nfv_chain *chain, const struct nfv_chain *wanted, const char *owner, size_t before);

/* How many rules stand before the owner's first; SIZE_MAX: it has none. */
size_t owner_place(const struct nfv_chain *chain, const char *owner);

#endif
