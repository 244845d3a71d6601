/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/steer-sync.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define NOT SIZE_MAX

/* The longest common subsequence of what is there and what is wanted. */
struct work {
	const struct steer_sync *sync;
	size_t wanted_count;
	bool *fits;       /* [have][wanted] */
	uint32_t *best;   /* [have + 1][wanted + 1]: the length from there on */
	size_t *match;    /* of each wanted one: the one that is there; NOT */
	bool *stays;      /* of each that is there */
	size_t first, last; /* where rules of others begin and end; first NOT: there are none */
};

static bool is_ours(const struct steer_sync *sync, const struct nfv_rule *rule)
{
	for (size_t h = 0; h < sync->have_count; h++)
		if (sync->have[h] == rule)
			return true;
	return false;
}

static void find_others(struct work *work)
{
	const struct steer_sync *sync = work->sync;

	work->first = NOT;
	for (size_t r = 0; r < nfv_chain_count(sync->chain); r++) {
		if (is_ours(sync, nfv_chain_rule(sync->chain, r)))
			continue;
		if (work->first == NOT)
			work->first = r;
		work->last = r;
	}
}

/* True when the equal rule that is there stands, as far as can be told, on the side where it is wanted. */
static bool on_its_side(const struct work *work, const struct nfv_rule *rule, bool lead)
{
	const struct steer_sync *sync = work->sync;
	const size_t at = (size_t)nfv_rule_position(rule);
	bool here = false, there = false;

	for (size_t b = 0; sync->before && b < nfv_chain_count(sync->before); b++) {
		if (!nfv_rule_equal(nfv_chain_rule(sync->before, b), rule))
			continue;
		here |= (b < sync->before_lead) == lead;
		there |= (b < sync->before_lead) != lead;
	}
	if (here != there)
		return here;
	if (work->first == NOT)
		return true;
	return lead ? at < work->last : at > work->first;
}

static void find_fitting(struct work *work)
{
	const struct steer_sync *sync = work->sync;

	for (size_t h = 0; h < sync->have_count; h++)
		for (size_t w = 0; w < work->wanted_count; w++)
			work->fits[h * work->wanted_count + w] =
				nfv_rule_equal(sync->have[h], nfv_chain_rule(sync->wanted, w)) &&
				on_its_side(work, sync->have[h], w < sync->lead);
}

static void choose(struct work *work)
{
	const size_t have = work->sync->have_count, wanted = work->wanted_count, row = wanted + 1;

	for (size_t h = have; h-- > 0;)
		for (size_t w = wanted; w-- > 0;) {
			uint32_t skip_have = work->best[(h + 1) * row + w], skip_wanted = work->best[h * row + w + 1];
			uint32_t longest = skip_have > skip_wanted ? skip_have : skip_wanted;

			if (work->fits[h * wanted + w] && work->best[(h + 1) * row + w + 1] >= longest)
				longest = work->best[(h + 1) * row + w + 1] + 1;
			work->best[h * row + w] = longest;
		}
	for (size_t h = 0, w = 0; w < wanted;) {
		bool pair = h < have && work->fits[h * wanted + w] &&
			    work->best[h * row + w] == work->best[(h + 1) * row + w + 1] + 1;

		work->match[w] = pair ? h : NOT;
		if (pair)
			work->stays[h] = true;
		if (pair || h == have || work->best[(h + 1) * row + w] < work->best[h * row + w]) {
			h += pair;
			w++;
		} else {
			h++;
		}
	}
}

static int delete_rule(struct nfv_rule *rule)
{
	long position = nfv_rule_position(rule);

	return position < 0 ? (int)position : nfv_chain_delete(nfv_rule_chain(rule), (size_t)position);
}

/* The copy that goes in has the counters of the equal one that goes out. */
static struct nfv_rule *make(const struct work *work, size_t w)
{
	const struct steer_sync *sync = work->sync;
	struct nfv_rule *rule = nfv_rule_copy(nfv_chain_rule(sync->wanted, w));
	uint64_t packets, bytes;

	for (size_t h = 0; rule && h < sync->have_count; h++) {
		if (work->stays[h] || !nfv_rule_equal(sync->have[h], rule))
			continue;
		nfv_rule_counters(sync->have[h], &packets, &bytes);
		(void)nfv_rule_set_counters(rule, packets, bytes);
		break;
	}
	return rule;
}

/* made[w]: the rule to put in, NULL when there is one already. */
static int put_in(const struct work *work, struct nfv_rule **made)
{
	const struct steer_sync *sync = work->sync;
	struct nfv_rule *beside = NULL;
	int err = 0;

	for (size_t w = 0; w < sync->lead && !err; w++) {
		size_t at = beside ? (size_t)nfv_rule_position(beside) + 1 : sync->head;

		beside = made[w] ? made[w] : sync->have[work->match[w]];
		if (!made[w])
			continue;
		made[w] = NULL;
		err = nfv_chain_insert(sync->chain, at, beside);
	}
	beside = NULL;
	for (size_t w = work->wanted_count; w-- > sync->lead && !err;) {
		size_t at = beside ? (size_t)nfv_rule_position(beside) : nfv_chain_count(sync->chain);

		beside = made[w] ? made[w] : sync->have[work->match[w]];
		if (!made[w])
			continue;
		made[w] = NULL;
		err = nfv_chain_insert(sync->chain, at, beside);
	}
	return err;
}

static long change(const struct work *work)
{
	const struct steer_sync *sync = work->sync;
	struct nfv_rule **made = calloc(work->wanted_count + 1, sizeof(*made));
	long changes = 0;
	int err = made ? 0 : -ENOMEM;

	for (size_t w = 0; w < work->wanted_count && !err; w++) {
		if (work->match[w] != NOT)
			continue;
		made[w] = make(work, w);
		err = made[w] ? 0 : -ENOMEM;
		changes++;
	}
	for (size_t h = 0; h < sync->have_count && !err; h++) {
		if (work->stays[h])
			continue;
		err = delete_rule(sync->have[h]);
		changes++;
	}
	if (!err)
		err = put_in(work, made);
	for (size_t w = 0; made && w < work->wanted_count; w++)
		nfv_rule_free(made[w]);
	free(made);
	return err ? err : changes;
}

long steer_sync(const struct steer_sync *sync)
{
	const size_t have = sync->have_count, wanted = sync->wanted ? nfv_chain_count(sync->wanted) : 0;
	struct work work = {
		.sync = sync,
		.wanted_count = wanted,
		.fits = calloc(have * wanted + 1, sizeof(*work.fits)),
		.best = calloc((have + 1) * (wanted + 1), sizeof(*work.best)),
		.match = calloc(wanted + 1, sizeof(*work.match)),
		.stays = calloc(have + 1, sizeof(*work.stays)),
	};
	long changes = -ENOMEM;

	if (work.fits && work.best && work.match && work.stays) {
		find_others(&work);
		find_fitting(&work);
		choose(&work);
		changes = change(&work);
	}
	free(work.fits);
	free(work.best);
	free(work.match);
	free(work.stays);
	return changes;
}
