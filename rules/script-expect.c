/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/script-expect.h"

#include "rules/canonical.h"
#include "rules/extension.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- hashing ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 31;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = mix(hash, (unsigned char)*text);
	return mix(hash, text ? 1 : 2);
}

static uint64_t mix_head(const char *name, const char *policy, size_t count)
{
	return mix(mix_text(mix_text(1, name), policy), count);
}

/* 0 stands for a chain that is not there. */
static uint64_t hash_end(uint64_t hash)
{
	return hash ? hash : 1;
}

/* ---- rules that may be spelt in any way ---- */

static bool knows_options(const struct nfv_extension *view, const struct extension *extension)
{
	for (size_t i = 0; i < view->count; i++)
		if (!extension_option_find(extension, view->options[i].name))
			return false;
	return true;
}

static bool knows(const struct nfv_extension *view, enum nfv_family family)
{
	const struct extension *extension = extension_find(view->name, view->is_target, family);

	/* Without options it is a chain, or printed as it is. */
	return extension ? knows_options(view, extension) : view->is_target && !view->count;
}

/* A host's name, which the tool alone resolves: an address has digits, or colons, and no other letters than a to f. */
static bool is_host_name(const char *value)
{
	return value && !strchr(value, ':') && value[strspn(value, "0123456789./,")] != '\0';
}

static bool view_is_loose(const struct view *view, enum nfv_family family)
{
	if (is_host_name(view->fields[NFV_FIELD_SOURCE].value) || is_host_name(view->fields[NFV_FIELD_DESTINATION].value))
		return true;
	for (size_t i = 0; i < view->match_count; i++)
		if (!knows(view->matches[i], family))
			return true;
	return view->target && !knows(view->target, family);
}

/* 1, 0 or -ENOMEM. */
static int is_loose(const struct script_side *side, size_t at)
{
	const struct nfv_rule *rule = script_side_rule(side, at);
	const struct spec *spec = script_side_spec(side, at);
	struct view *view = rule ? rule->view : NULL, *made = NULL;
	int loose, err;

	if (!spec)
		return -ENOMEM;
	if (!view) {
		err = view_parse(&made, NULL, spec->bytes, spec->len, NULL);
		if (err)
			return err == -ENOMEM ? err : 1;
		view = made;
	}
	loose = view_is_loose(view, side->family);
	view_free(made);
	return loose;
}

/* ---- making ---- */

static int add_range(struct script_expect *expect, size_t at, bool loose)
{
	struct script_range *last = expect->count ? &expect->ranges[expect->count - 1] : NULL;

	if (last && last->at + last->count == at && last->loose == loose) {
		last->count++;
		return 0;
	}
	if (grow((void **)&expect->ranges, expect->count, &expect->size, sizeof(*expect->ranges)))
		return -ENOMEM;
	expect->ranges[expect->count++] = (struct script_range){ .at = (uint32_t)at, .count = 1, .loose = loose };
	return 0;
}

/* A rule that is put in and that the kernel did not print before. */
static int expect_new(struct script_expect *expect, const struct script_plan *plan, size_t to)
{
	int loose = is_loose(&plan->to, to), err;
	uint64_t key = 0;

	if (loose < 0)
		return loose;
	if (!loose) {
		key = script_side_key(&plan->to, to);
		if (!key)
			return -ENOMEM;
	}
	err = add_range(expect, to, loose);
	expect->hash = mix(expect->hash, key);
	return err;
}

static int expect_rule(struct script_expect *expect, const struct script_plan *plan, size_t to, bool stays)
{
	long source = script_plan_source(plan, to);
	const struct spec *from, *spec;

	if (source < 0)
		return expect_new(expect, plan, to);
	from = script_side_spec(&plan->from, (size_t)source);
	spec = script_side_spec(&plan->to, to);
	if (!from || !spec)
		return -ENOMEM;
	/* Put in again with another spelling, it is printed in a third one perhaps. */
	if (!stays && !spec_same(from, spec))
		return expect_new(expect, plan, to);
	expect->hash = mix(expect->hash, from->hash);
	return 0;
}

int script_expect_make(struct script_expect *expect, const struct script_plan *plan)
{
	struct script_walk walk = { 0 };
	struct script_pair kept;
	bool more = script_plan_next_kept(plan, &walk, &kept);
	int err = 0;

	*expect = (struct script_expect){ 0 };
	if (!script_side_exists(&plan->to))
		return 0;
	expect->hash = mix_head(script_side_name(&plan->to), script_side_policy(&plan->to), plan->to_count);
	for (size_t j = 0; j < plan->to_count && !err; j++) {
		bool is_kept = more && kept.to == j;

		err = expect_rule(expect, plan, j, is_kept && !plan->refill);
		if (is_kept)
			more = script_plan_next_kept(plan, &walk, &kept);
	}
	expect->hash = hash_end(expect->hash);
	if (err)
		script_expect_free(expect);
	return err;
}

void script_expect_free(struct script_expect *expect)
{
	free(expect->ranges);
	*expect = (struct script_expect){ 0 };
}

/* ---- comparing ---- */

bool script_expect_fits(const struct script_expect *expect, const struct nfv_chain *chain)
{
	uint64_t hash;
	size_t r = 0;

	if (!chain || !expect->hash)
		return !chain && !expect->hash;
	hash = mix_head(chain->name, chain->policy, chain->count);
	for (size_t i = 0; i < chain->count; i++) {
		const struct spec *spec = rule_spec(chain->rules[i]);

		while (r < expect->count && i >= (size_t)expect->ranges[r].at + expect->ranges[r].count)
			r++;
		if (r < expect->count && i >= expect->ranges[r].at)
			hash = mix(hash, expect->ranges[r].loose ? 0 : rule_key(chain->rules[i]));
		else
			hash = mix(hash, spec ? spec->hash : 0);
	}
	return hash_end(hash) == expect->hash;
}
