/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/live-private.h"

#include "rules/base.h"
#include "rules/canonical.h"
#include "rules/text.h"

/*
 * A rule that was put in says from now on what the kernel says, so that the next change rests on the kernel's words. Its
 * view stays: the caller may hold on to its matches.
 */
static void spell_as_kernel(struct nfv_rule *rule, enum nfv_family family)
{
	const struct view *view;
	struct text text = { 0 };
	struct spec *spec = NULL;

	/* Put in again, but not changed: its words are the kernel's, and the base has them too. */
	if (rule->spec && rule->spec->refs > 1)
		return;
	view = rule_view(rule);
	if (view)
		canonical_print(view, family, &text);
	if (view && !text.failed)
		spec = spec_new(text.data ? text.data : "", text.len);
	text_free(&text);
	/* Without memory it keeps the caller's words: the next commit compares once too often. */
	if (!spec)
		return;
	spec_unref(rule->spec);
	rule->spec = spec;
}

void commit_settle(struct nfv_rules *const *rules, size_t count, const struct change *change,
		   const struct store_submit *submit)
{
	for (size_t p = 0; p < change->count; p++) {
		const struct change_part *part = &change->parts[p];

		for (size_t i = 0; i < part->forward.line_count; i++)
			if (part->forward.lines[i].rule)
				spell_as_kernel((struct nfv_rule *)(uintptr_t)part->forward.lines[i].rule, part->family);
	}
	for (size_t i = 0; i < count; i++) {
		const uint64_t generation = submit->generation[rules[i]->family];

		base_forget(rules[i]);
		if (generation)
			rules[i]->generation = generation;
	}
}
