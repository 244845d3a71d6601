/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/script-plan.h"

#include "rules/canonical.h"
#include "rules/script-class.h"
#include "rules/script-cost.h"

#include <errno.h>
#include <stdlib.h>

/* ---- looking at a plan ---- */

static size_t middle_count(const struct script_plan *plan)
{
	return plan->to_count - plan->prefix - plan->suffix;
}

bool script_plan_next_kept(const struct script_plan *plan, struct script_walk *walk, struct script_pair *pair)
{
	size_t at = walk->pair++, behind;

	if (at < plan->prefix) {
		*pair = (struct script_pair){ (uint32_t)at, (uint32_t)at };
		return true;
	}
	at -= plan->prefix;
	if (at < plan->kept_count) {
		*pair = plan->kept[at];
		return true;
	}
	at -= plan->kept_count;
	if (at >= plan->suffix)
		return false;
	behind = plan->suffix - at;
	*pair = (struct script_pair){ (uint32_t)(plan->from_count - behind), (uint32_t)(plan->to_count - behind) };
	return true;
}

bool script_plan_next(const struct script_plan *plan, struct script_walk *walk, struct script_hunk *hunk)
{
	if (!walk->from && !walk->to) {
		walk->from = plan->prefix;
		walk->to = plan->prefix;
	}
	while (!walk->done) {
		bool last = walk->pair == plan->kept_count;

		*hunk = (struct script_hunk){
			.from = walk->from,
			.from_end = last ? plan->from_count - plan->suffix : plan->kept[walk->pair].from,
			.to = walk->to,
			.to_end = last ? plan->to_count - plan->suffix : plan->kept[walk->pair].to,
		};
		walk->from = hunk->from_end + 1;
		walk->to = hunk->to_end + 1;
		walk->pair++;
		walk->done = last;
		if (hunk->from < hunk->from_end || hunk->to < hunk->to_end)
			return true;
	}
	return false;
}

long script_plan_source(const struct script_plan *plan, size_t to)
{
	if (to < plan->prefix)
		return (long)to;
	if (to >= plan->to_count - plan->suffix)
		return (long)(plan->from_count - (plan->to_count - to));
	return plan->source ? (long)plan->source[to - plan->prefix] - 1 : -1;
}

struct script_counters script_plan_counters(const struct script_plan *plan, size_t to)
{
	long source = script_plan_source(plan, to);

	if (source < 0 || plan->flags & NFV_DIFF_COUNTERS)
		return script_side_counters(&plan->to, to);
	return script_side_counters(&plan->from, (size_t)source);
}

/* ---- making one ---- */

/* 1, 0 or -ENOMEM. Bytes first: to look through spelling means to parse. */
static int is_same(const struct script_plan *plan, size_t i, size_t j)
{
	const struct spec *a = script_side_spec(&plan->from, i), *b = script_side_spec(&plan->to, j);
	uint64_t key, other;

	if (!a || !b)
		return -ENOMEM;
	if (spec_same(a, b))
		return 1;
	key = script_side_key(&plan->from, i);
	other = script_side_key(&plan->to, j);
	if (!key || !other)
		return -ENOMEM;
	return key == other && canonical_equal(a->bytes, a->len, b->bytes, b->len, plan->from.family);
}

static int trim(struct script_plan *plan)
{
	size_t less = plan->from_count < plan->to_count ? plan->from_count : plan->to_count;
	int same = 1;

	while (plan->prefix < less && (same = is_same(plan, plan->prefix, plan->prefix)) > 0)
		plan->prefix++;
	while (same >= 0 && plan->suffix < less - plan->prefix &&
	       (same = is_same(plan, plan->from_count - plan->suffix - 1, plan->to_count - plan->suffix - 1)) > 0)
		plan->suffix++;
	return same < 0 ? same : 0;
}

/* Rules that are put in, and were elsewhere: of equal ones the first comes from the first that goes, and so on. */
static int find_moved(struct script_plan *plan, const struct script_classes *classes)
{
	size_t from_count = plan->from_count - plan->prefix - plan->suffix, to_count = middle_count(plan);
	uint32_t *head = calloc((size_t)classes->count + 1, sizeof(uint32_t));
	uint32_t *next = calloc(from_count + 1, sizeof(uint32_t));
	bool *stays = calloc(from_count + 1, sizeof(bool));
	int err = -ENOMEM;

	if (!head || !next || !stays)
		goto out;
	for (size_t k = 0; k < plan->kept_count; k++) {
		stays[plan->kept[k].from - plan->prefix] = true;
		plan->source[plan->kept[k].to - plan->prefix] = plan->kept[k].from + 1;
	}
	for (size_t i = from_count; i > 0; i--) {
		if (stays[i - 1])
			continue;
		next[i - 1] = head[classes->from[i - 1]];
		head[classes->from[i - 1]] = (uint32_t)i;
	}
	for (size_t j = 0; j < to_count; j++) {
		uint32_t first = head[classes->to[j]];

		if (plan->source[j] || !first)
			continue;
		plan->source[j] = (uint32_t)(plan->prefix + first);
		head[classes->to[j]] = next[first - 1];
	}
	err = 0;
out:
	free(stays);
	free(next);
	free(head);
	return err;
}

static int match_middle(struct script_plan *plan)
{
	size_t from_count = plan->from_count - plan->prefix - plan->suffix, to_count = middle_count(plan);
	size_t less = from_count < to_count ? from_count : to_count;
	struct script_classes classes;
	int err;

	plan->source = calloc(to_count + 1, sizeof(*plan->source));
	plan->kept = calloc(less + 1, sizeof(*plan->kept));
	if (!plan->source || !plan->kept)
		return -ENOMEM;
	if (!less)
		return 0;
	err = script_classes_make(&classes, &plan->from, plan->prefix, plan->prefix + from_count, &plan->to, plan->prefix,
				  plan->prefix + to_count, false);
	if (err)
		return err;
	err = script_lcs(classes.from, from_count, classes.to, to_count, classes.count, plan->kept, &plan->kept_count);
	for (size_t k = 0; k < plan->kept_count; k++) {
		plan->kept[k].from += (uint32_t)plan->prefix;
		plan->kept[k].to += (uint32_t)plan->prefix;
	}
	if (!err)
		err = find_moved(plan, &classes);
	script_classes_free(&classes);
	return err;
}

/* ---- deletion by value ---- */

/* No prefix and no suffix: all that is kept stands in pairs, so that any of it can be given up. */
static int spread(struct script_plan *plan)
{
	size_t total = plan->prefix + plan->kept_count + plan->suffix;
	struct script_pair *kept = calloc(total + 1, sizeof(*kept)), pair;
	uint32_t *source = calloc(plan->to_count + 1, sizeof(*source));
	struct script_walk walk = { 0 };

	if (!kept || !source) {
		free(source);
		free(kept);
		return -ENOMEM;
	}
	for (size_t j = 0; j < plan->to_count; j++)
		source[j] = (uint32_t)(script_plan_source(plan, j) + 1);
	for (size_t k = 0; script_plan_next_kept(plan, &walk, &pair); k++)
		kept[k] = pair;
	free(plan->source);
	free(plan->kept);
	plan->source = source;
	plan->kept = kept;
	plan->kept_count = total;
	plan->prefix = 0;
	plan->suffix = 0;
	return 0;
}

static void drop_kept(struct script_plan *plan, const bool *given_up)
{
	size_t left = 0;

	for (size_t k = 0; k < plan->kept_count; k++)
		if (!given_up[k])
			plan->kept[left++] = plan->kept[k];
	plan->kept_count = left;
}

static bool counters_differ(const struct script_plan *plan, const struct script_pair *pair)
{
	return !script_counters_same(script_side_counters(&plan->from, pair->from),
				     script_side_counters(&plan->to, pair->to));
}

/*
 * The tool deletes the first rule that is equal. So of equal rules the first ones must be those that go: one that stays
 * before one that goes is taken out too, and put in again. *last: 1 + the place of the last rule that goes.
 */
static int give_up_twins(const struct script_plan *plan, bool *given_up, size_t last)
{
	const struct script_side nothing = { .family = plan->from.family };
	struct script_classes classes;
	uint32_t *last_of;
	size_t i = 0;
	int err;

	err = script_classes_make(&classes, &plan->from, 0, last, &nothing, 0, 0, true);
	if (err)
		return err;
	last_of = calloc((size_t)classes.count + 1, sizeof(*last_of));
	if (!last_of) {
		script_classes_free(&classes);
		return -ENOMEM;
	}
	for (size_t k = 0; k <= plan->kept_count; k++) {
		size_t end = k < plan->kept_count ? plan->kept[k].from : plan->from_count;

		for (; i < end && i < last; i++)
			last_of[classes.from[i]] = (uint32_t)i + 1;
		if (k < plan->kept_count && given_up[k] && end < last)
			last_of[classes.from[end]] = (uint32_t)end + 1;
		i = end + 1;
	}
	for (size_t k = 0; k < plan->kept_count && plan->kept[k].from < last; k++)
		if (plan->kept[k].from + 1 < last_of[classes.from[plan->kept[k].from]])
			given_up[k] = true;
	free(last_of);
	script_classes_free(&classes);
	return 0;
}

/* 1 + the place of the last rule of `from` that goes; 0: none does. */
static size_t find_last(const struct script_plan *plan, const bool *given_up)
{
	size_t end = plan->from_count;

	for (size_t k = plan->kept_count; k > 0; k--) {
		if (plan->kept[k - 1].from + 1 < end || given_up[k - 1])
			return plan->kept[k - 1].from + 1 < end ? end : plan->kept[k - 1].from + 1;
		end = plan->kept[k - 1].from;
	}
	return end;
}

static bool deletes_any(const struct script_plan *plan)
{
	struct script_walk walk = { 0 };
	struct script_pair pair;

	if (plan->from_count > plan->prefix + plan->kept_count + plan->suffix)
		return true;
	while (plan->flags & NFV_DIFF_COUNTERS && script_plan_next_kept(plan, &walk, &pair))
		if (counters_differ(plan, &pair))
			return true;
	return false;
}

static int fit_by_value(struct script_plan *plan)
{
	bool *given_up;
	size_t last;
	int err;

	if (!deletes_any(plan))
		return 0;
	err = spread(plan);
	if (err)
		return err;
	given_up = calloc(plan->kept_count + 1, sizeof(*given_up));
	if (!given_up)
		return -ENOMEM;
	for (size_t k = 0; k < plan->kept_count && plan->flags & NFV_DIFF_COUNTERS; k++)
		given_up[k] = counters_differ(plan, &plan->kept[k]);
	last = find_last(plan, given_up);
	err = give_up_twins(plan, given_up, last);
	if (!err)
		drop_kept(plan, given_up);
	free(given_up);
	return err;
}

int script_plan_make(struct script_plan *plan, const struct script_side *from, const struct script_side *to, unsigned flags)
{
	int err;

	*plan = (struct script_plan){ .from = *from, .to = *to, .from_count = script_side_count(from),
				      .to_count = script_side_count(to), .flags = flags };
	if (plan->from_count >= UINT32_MAX || plan->to_count >= UINT32_MAX)
		return -EOVERFLOW;
	err = trim(plan);
	if (!err)
		err = match_middle(plan);
	if (!err && flags & NFV_DIFF_BY_VALUE)
		err = fit_by_value(plan);
	if (!err && !(flags & NFV_DIFF_BY_VALUE))
		plan->refill = script_cost_refill_is_cheaper(plan);
	if (err)
		script_plan_free(plan);
	return err;
}

void script_plan_free(struct script_plan *plan)
{
	free(plan->source);
	free(plan->kept);
	*plan = (struct script_plan){ 0 };
}
