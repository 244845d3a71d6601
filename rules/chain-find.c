/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of a chain by what they say. */
#include "rules/canonical.h"
#include "rules/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is looked for, in the family of the chain: a rule in no chain does not know its own. */
struct wanted {
	const struct spec *spec;
	uint64_t key;
	enum nfv_family family;
};

static int wanted_make(struct wanted *wanted, const struct nfv_chain *chain, const struct spec *spec)
{
	*wanted = (struct wanted){ .spec = spec, .family = chain->table->rules->family };
	if (spec)
		wanted->key = canonical_key(spec->bytes, spec->len, wanted->family);
	return wanted->key ? 0 : -ENOMEM;
}

/* 1, 0, or -ENOMEM. */
static int is_wanted(const struct wanted *wanted, const struct nfv_rule *rule)
{
	const struct spec *spec = rule_spec(rule);
	uint64_t key;

	if (!spec)
		return -ENOMEM;
	if (spec_same(spec, wanted->spec))
		return 1;
	key = rule_key(rule);
	if (key != wanted->key)
		return key ? 0 : -ENOMEM;
	/* Equal keys are equal rules, but for an odd chance: a "no" is one of memory then. */
	errno = 0;
	if (canonical_equal(spec->bytes, spec->len, wanted->spec->bytes, wanted->spec->len, wanted->family))
		return 1;
	return errno == ENOMEM ? -ENOMEM : 0;
}

static long find(const struct nfv_chain *chain, const struct spec *spec, size_t start)
{
	struct wanted wanted;
	int found = wanted_make(&wanted, chain, spec);

	if (found)
		return found;
	for (size_t i = start; i < chain->count; i++) {
		found = is_wanted(&wanted, chain->rules[i]);
		if (found)
			return found > 0 ? (long)i : found;
	}
	return -ENOENT;
}

long nfv_chain_find(const struct nfv_chain *chain, const struct nfv_rule *rule, size_t start)
{
	return find(chain, rule_spec(rule), start);
}

/* ---- deleting by value ---- */

/* Positions of the rules that a list of addresses stands for, each another one. */
static int find_each(const struct nfv_chain *chain, struct spec *const *specs, size_t count, size_t *positions)
{
	for (size_t i = 0; i < count; i++) {
		long at = find(chain, specs[i], 0);

		for (size_t j = 0; j < i && at >= 0; j++) {
			if (positions[j] != (size_t)at)
				continue;
			at = find(chain, specs[i], (size_t)at + 1);
			j = (size_t)-1; /* those before may stand at the new place */
		}
		if (at < 0)
			return (int)at;
		positions[i] = (size_t)at;
	}
	return 0;
}

static int compare_down(const void *a, const void *b)
{
	size_t left = *(const size_t *)a, right = *(const size_t *)b;

	return left < right ? 1 : left > right ? -1 : 0;
}

static int delete_each(struct nfv_chain *chain, struct spec *const *specs, size_t count)
{
	size_t *positions = calloc(count, sizeof(*positions));
	int err = positions ? find_each(chain, specs, count, positions) : -ENOMEM;

	if (!err)
		err = chain_touch(chain);
	if (!err)
		qsort(positions, count, sizeof(*positions), compare_down);
	for (size_t i = 0; i < count && !err; i++) {
		struct nfv_rule *rule = chain->rules[positions[i]];

		chain_pull(chain, positions[i]);
		nfv_rule_free(rule);
	}
	free(positions);
	return err ? err : rules_changed_now(chain->table->rules);
}

int nfv_chain_delete_equal(struct nfv_chain *chain, const struct nfv_rule *rule)
{
	const struct view *view = rule_view(rule);
	struct spec **specs = NULL;
	size_t count = 0;
	long at;
	int err;

	if (!view)
		return -ENOMEM;
	if (!view_has_list(view)) {
		at = nfv_chain_find(chain, rule, 0);
		return at < 0 ? (int)at : nfv_chain_delete(chain, (size_t)at);
	}
	err = view_expand(view, &specs, &count);
	if (err)
		return err;
	err = delete_each(chain, specs, count);
	for (size_t i = 0; i < count; i++)
		spec_unref(specs[i]);
	free(specs);
	return err;
}
