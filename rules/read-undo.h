/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Undoing a read that fails in the middle. What is there before a change is kept, so that callers' pointers to chains and
 * rules stay right in either case. A ruleset that was empty needs none of it. Pure.
 */
#ifndef RULES_READ_UNDO_H
#define RULES_READ_UNDO_H

#include "rules/read-lookup.h"

struct read_undo_entry;

struct read_undo {
	struct nfv_rules *rules;
	bool fresh; /* nothing was there: undo means to clear */
	bool live_text; /* what is made is in the kernel already */
	struct read_undo_entry *entries; /* the youngest first */
	struct nfv_rule **gone; /* rules that were taken out */
	size_t gone_count, gone_size;
	struct read_lookup lookup;
};

void read_undo_begin(struct read_undo *undo, struct nfv_rules *rules, bool live_text);
/* Every change stays. */
void read_undo_keep(struct read_undo *undo);
/* All is as at the begin. */
void read_undo_back(struct read_undo *undo);

/* To be called before a chain's rules, policy, counters or name change. 0 or -ENOMEM, and then nothing may be changed. */
int read_undo_touch(struct read_undo *undo, struct nfv_chain *chain);

/* Changes of the model that can be undone. NULL or -ENOMEM: no memory. */
struct nfv_table *read_undo_add_table(struct read_undo *undo, const char *name, size_t len);
struct nfv_chain *read_undo_add_chain(struct read_undo *undo, struct nfv_table *table, const char *name, size_t len);
int read_undo_remove_chain(struct read_undo *undo, struct nfv_chain *chain);
/* Takes a rule out of a chain that was touched. */
int read_undo_remove_rule(struct read_undo *undo, struct nfv_chain *chain, size_t position);
/* Takes all of them out. */
int read_undo_clear(struct read_undo *undo, struct nfv_chain *chain);

#endif
