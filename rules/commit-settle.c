/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/live-private.h"

#include "rules/base.h"
#include "rules/canonical.h"
#include "rules/text.h"
#include "rules/view.h"

#include <stdlib.h>

/*
 * Where the kernel's words of a chain are: the rules that the base has too share their texts with it. Most stand in the same
 * order, so a cursor finds them; for the rest there is a sorted list, made when it is first needed.
 */
struct settle {
	const struct base *base; /* NULL: the kernel had none of it */
	size_t cursor;
	const struct spec **sorted;
};

static int compare(const void *a, const void *b)
{
	const struct spec *left = *(const struct spec *const *)a, *right = *(const struct spec *const *)b;

	return left < right ? -1 : left > right;
}

static bool find_sorted(struct settle *settle, const struct spec *spec)
{
	const size_t count = settle->base->count;

	if (!settle->sorted && count > 0) {
		settle->sorted = calloc(count, sizeof(*settle->sorted));
		for (size_t i = 0; i < count && settle->sorted; i++)
			settle->sorted[i] = settle->base->rules[i].spec;
		if (settle->sorted)
			qsort(settle->sorted, count, sizeof(*settle->sorted), compare);
	}
	return settle->sorted && bsearch(&spec, settle->sorted, count, sizeof(*settle->sorted), compare);
}

static bool is_the_kernels(struct settle *settle, const struct spec *spec)
{
	if (!settle->base || spec->refs == 1)
		return false;
	/* One that was taken out leaves a gap. */
	for (size_t i = settle->cursor; i < settle->base->count && i < settle->cursor + 2; i++) {
		if (settle->base->rules[i].spec != spec)
			continue;
		settle->cursor = i + 1;
		return true;
	}
	return find_sorted(settle, spec);
}

/* The rule says from now on what the kernel says. Its view stays if the caller may hold on to its matches. */
static void spell_as_kernel(struct nfv_rule *rule, enum nfv_family family)
{
	const struct view *view = rule_view(rule);
	struct text text = { 0 };
	struct spec *spec = NULL;

	if (view)
		canonical_print(view, family, &text);
	if (view && !text.failed)
		spec = spec_new(text.data ? text.data : "", text.len);
	text_free(&text);
	/* Without memory it keeps the caller's words: the next commit may find that somebody changed the chain. */
	if (spec) {
		spec_unref(rule->spec);
		rule->spec = spec;
	}
	rule_drop_view(rule);
}

/* Also rules that were not put in, since the kernel had an equal one in other words. */
static void settle_chain(struct nfv_chain *chain)
{
	struct settle settle = { .base = chain->base };

	for (size_t i = 0; i < chain->count; i++) {
		struct nfv_rule *rule = chain->rules[i];

		if (!rule->spec || !is_the_kernels(&settle, rule->spec))
			spell_as_kernel(rule, chain->table->rules->family);
	}
	free(settle.sorted);
}

static void settle_rules(struct nfv_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct nfv_table *table = rules->tables[i];

		for (size_t j = 0; j < table->count; j++)
			if (table->chains[j]->base || table->chains[j]->created)
				settle_chain(table->chains[j]);
	}
	base_forget(rules);
}

/* The next change rests on the kernel's words. */
void commit_settle(struct nfv_rules *const *rules, size_t count, const struct store_submit *submit)
{
	for (size_t i = 0; i < count; i++) {
		const uint64_t generation = submit->generation[rules[i]->family];

		settle_rules(rules[i]);
		if (generation)
			rules[i]->generation = generation;
	}
}
