/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a chain was when it was read, kept while it is changed. Pure. */
#ifndef RULES_BASE_H
#define RULES_BASE_H

#include "rules/model.h"

struct base_rule {
	struct spec *spec;
	uint64_t packets, bytes;
};

struct base {
	char *name;
	char *policy;            /* NULL: a chain of the user */
	uint64_t packets, bytes;
	struct base_rule *rules;
	size_t count;
};

struct base *base_new(const struct nfv_chain *chain);
void base_free(struct base *base);

/* A hash of name, policy and rules in their order, counters apart: does the kernel still have that? */
uint64_t base_hash(const struct base *base);
uint64_t base_hash_of_chain(const struct nfv_chain *chain);

/* Makes every chain what its base is: changes are undone. 0 or -ENOMEM. */
int base_restore(struct nfv_rules *rules);
/* What is here is what the kernel has: bases are given back. */
void base_forget(struct nfv_rules *rules);
bool base_any(const struct nfv_rules *rules);

#endif
