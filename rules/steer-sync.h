/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes our rules of one chain those that are wanted, and moves no more of them than needed. Pure. */
#ifndef RULES_STEER_SYNC_H
#define RULES_STEER_SYNC_H

#include <nfverdict/rules.h>

struct steer_sync {
	struct nfv_chain *chain;
	struct nfv_rule *const *have;   /* those of ours that stand in it, in their order */
	size_t have_count;
	const struct nfv_chain *wanted; /* copies of its rules are put in; NULL: none */
	size_t lead;                    /* so many of the wanted go before the rules of others, the rest behind them */
	size_t head;                    /* where the first of those goes when no neighbour tells */
	/*
	 * What was wanted before, NULL: not known. It tells of a rule that stays the same whether it is to change sides; without
	 * it only one that stands on the wrong side of all rules of others does.
	 */
	const struct nfv_chain *before;
	size_t before_lead;
};

/*
 * Rules that are equal and in order stay as they are, with their counters. New ones go next to their neighbours, or to the
 * chain's begin and end. One that moves takes its counters along. Returns how many rules were put in or taken out, or -errno.
 */
long steer_sync(const struct steer_sync *sync);

#endif
