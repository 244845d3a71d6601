/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where rules lead to, found in their text. */
#ifndef RULES_READ_TARGET_H
#define RULES_READ_TARGET_H

#include "rules/read-private.h"

/* The value of -j or -g in a rule's text; at NULL: it has none. */
struct read_span read_target(const char *text, size_t len);

/* How many rules of its table lead to the chain. 0 or an error told. */
int read_target_count(struct reader *reader, const struct nfv_chain *chain, size_t *count);

/* Makes the rules that lead to the chain lead to another name. 0 or an error told. */
int read_target_rename(struct reader *reader, struct nfv_chain *chain, const char *name);

#endif
