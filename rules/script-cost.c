/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prices are what iptables 1.8.9 took on a 6.18 kernel, in ns: chains of 100 to 50,000 rules, best of three runs.
 *
 * nft: the tool fetches the rules of a chain (7 us each, 14 us in very long chains) before it can edit by number, which
 * then is cheap; it does not for -A and for -I 1. A rule that is put in takes 13 us. A chain that is emptied takes 1.5 us
 * for each rule in it. Deletion by value is by number plus 1.3 us for each rule that it looks at: never cheaper. The first
 * deletion of any kind adds 8 ms (a grace period of the kernel): edits that only put in do not have it, refills always do.
 *
 * legacy: the whole table is loaded and stored whatever the script does, a rule that is put in takes 5 us, and
 * numbers are counted through from the chain's begin.
 */
#include "rules/script-cost.h"

#include <string.h>

struct prices {
	uint64_t fetch; /* of each rule of the chain, for edits by number */
	uint64_t put;   /* of a rule */
	uint64_t byte;  /* of the script */
	uint64_t empty; /* of the line that empties a chain */
	uint64_t drop;  /* of each rule that it takes out */
	uint64_t step;  /* of a rule that a number is counted past */
	uint64_t wait;  /* once, when anything is deleted */
	uint64_t loss;  /* of a rule that is put in again: what it counted and remembered since it was read is lost */
};

static const struct prices prices_nft = { 7000, 11000, 20, 15000, 1500, 5, 8000000, 10000 };
static const struct prices prices_legacy = { 0, 3000, 20, 3000, 50, 5, 0, 10000 };

static uint64_t price_of_text(const struct script_plan *plan, const struct prices *prices, size_t to)
{
	const struct spec *spec = script_side_spec(&plan->to, to);

	return prices->put + (spec ? spec->len : 0) * prices->byte;
}

/* Rules that stay, with counters that are to be others. */
static size_t count_resets(const struct script_plan *plan)
{
	struct script_walk walk = { 0 };
	struct script_pair pair;
	size_t count = 0;

	while (plan->flags & NFV_DIFF_COUNTERS && script_plan_next_kept(plan, &walk, &pair))
		count += !script_counters_same(script_side_counters(&plan->from, pair.from),
					       script_side_counters(&plan->to, pair.to));
	return count;
}

static uint64_t price_of_edits(const struct script_plan *plan, const struct prices *prices, size_t resets)
{
	uint64_t price = resets * (prices->put + plan->from_count / 2 * prices->step);
	bool by_number = resets > 0, deletes = resets > 0;
	struct script_walk walk = { 0 };
	struct script_hunk hunk;

	while (script_plan_next(plan, &walk, &hunk)) {
		size_t gone = hunk.from_end - hunk.from, come = hunk.to_end - hunk.to;
		bool counted = gone || hunk.from_end < plan->from_count;

		for (size_t j = hunk.to; j < hunk.to_end; j++)
			price += price_of_text(plan, prices, j);
		if (counted)
			price += (gone > come ? gone : come) * hunk.to * prices->step;
		deletes = deletes || gone;
		/* Put in at the very begin is -I 1, at the end -A. */
		by_number = by_number || gone || (counted && hunk.to);
	}
	return price + (by_number ? plan->from_count * prices->fetch : 0) + (deletes ? prices->wait : 0);
}

static uint64_t price_of_refill(const struct script_plan *plan, const struct prices *prices, size_t kept)
{
	uint64_t price = prices->wait + prices->empty + plan->from_count * prices->drop + kept * prices->loss;

	for (size_t j = 0; j < plan->to_count; j++)
		price += price_of_text(plan, prices, j);
	return price;
}

static bool fits_a_line(const struct script_plan *plan)
{
	for (size_t j = 0; j < plan->to_count; j++) {
		const struct spec *spec = script_side_spec(&plan->to, j);

		if (!spec || memchr(spec->bytes, '\n', spec->len))
			return false;
	}
	return true;
}

/* ip6tables-nft 1.8.9 drops the counters that a rule is put in with: what has counted must stay where it is. */
static bool would_lose_counters(const struct script_plan *plan)
{
	const struct script_counters none = { 0 };
	struct script_walk walk = { 0 };
	struct script_pair pair;

	if (plan->from.family != NFV_FAMILY_IPV6 || plan->flags & NFV_DIFF_LEGACY)
		return false;
	while (script_plan_next_kept(plan, &walk, &pair))
		if (!script_counters_same(script_side_counters(&plan->from, pair.from), none))
			return true;
	return false;
}

bool script_cost_refill_is_cheaper(const struct script_plan *plan)
{
	const struct prices *prices = plan->flags & NFV_DIFF_LEGACY ? &prices_legacy : &prices_nft;
	size_t kept = plan->prefix + plan->kept_count + plan->suffix, resets = count_resets(plan);
	uint64_t edits;

	if (kept == plan->from_count && !resets)
		return false; /* nothing goes */
	kept -= resets;
	edits = price_of_edits(plan, prices, resets);
	/* The least that a refill can cost, so that a chain is not walked through for one rule. */
	if (kept * prices->loss + plan->to_count * prices->put + plan->from_count * prices->drop + prices->wait >= edits)
		return false;
	return price_of_refill(plan, prices, kept) < edits && fits_a_line(plan) && !would_lose_counters(plan);
}
