/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the way to the kernel (live*.c, commit*.c). Private to them. */
#ifndef RULES_LIVE_PRIVATE_H
#define RULES_LIVE_PRIVATE_H

#include "rules/change.h"
#include "rules/live.h"

struct nfv_live {
	struct store *store;
	struct nfv_live_options options; /* texts are copies */
	char *owner;
};

/* A ruleset as the kernel has it now. NULL with errno and error. */
struct nfv_rules *live_read(struct nfv_live *live, enum nfv_family family, const char *table, struct nfv_rules_error *error);
/* Gives `rules` the tables of `fresh`, which is freed. */
void live_replace(struct nfv_rules *rules, struct nfv_rules *fresh);

/* commit-settle.c: after a commit: what is here is what the kernel has. */
void commit_settle(struct nfv_rules *const *rules, size_t count, const struct store_submit *submit);

#endif
