/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What our chains and the jumps to them are to hold, as objects. */
#ifndef RULES_STEER_WANTED_H
#define RULES_STEER_WANTED_H

#include <nfverdict/rules.h>

#include "rules/steer-plan.h"
#include "rules/steer-run.h"

/* The origin of our jumps, so that an error tells which entry it is about: the line is its number in the plan, from 1. */
#define STEER_ORIGIN "steer"

/* True when an item goes into the family. */
bool steer_wanted_any(const struct steer_plan *plan, enum nfv_family family);

/* Puts the queue's own rules into its chain, behind what is there. 0 or -errno. */
int steer_wanted_rules(struct nfv_chain *chain, const struct steer_queue *queue);

/* The jump of item `i`, in no chain. NULL with errno; EINVAL was told. */
struct nfv_rule *steer_wanted_jump(const struct steer_run *run, const struct steer_plan *plan, size_t i);

/* The item that a rule of ours was made for; NULL: none. */
const struct steer_item *steer_wanted_item(const struct steer_plan *plan, const struct nfv_rule *rule);

/*
 * All jumps of the run's family from one built-in chain, in their order: those that go before the chain's rules, then those
 * behind them. NULL with errno, EINVAL was told; to be freed with steer_wanted_free().
 */
struct nfv_chain *steer_wanted_jumps(const struct steer_run *run, const struct steer_plan *plan, const char *table,
				     const char *chain);

/* The own rules of a queue. NULL with errno; to be freed with steer_wanted_free(). */
struct nfv_chain *steer_wanted_content(const struct steer_run *run, const struct steer_queue *queue, const char *table);

/* Takes NULL. */
void steer_wanted_free(struct nfv_chain *chain);

/* Tells a commit's error, with the entry that is to blame if it names one. */
void steer_wanted_blame(const struct steer_run *run, const struct steer_plan *plan, const struct nfv_rules_error *error);

#endif
