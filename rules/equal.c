/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules and rulesets that are the same though they are written in other words. */
#include "rules/canonical.h"
#include "rules/model.h"

#include <string.h>

static bool same_in(const struct nfv_rule *a, const struct nfv_rule *b, enum nfv_family family)
{
	const struct spec *a_spec = rule_spec(a), *b_spec = rule_spec(b);

	if (!a_spec || !b_spec)
		return false;
	if (spec_same(a_spec, b_spec))
		return true;
	/* Keys are kept, and each for its own family. */
	if (rule_family(a) == family && rule_family(b) == family && rule_key(a) != rule_key(b))
		return false;
	return canonical_equal(a_spec->bytes, a_spec->len, b_spec->bytes, b_spec->len, family);
}

bool nfv_rule_equal(const struct nfv_rule *a, const struct nfv_rule *b)
{
	/* A rule in no chain may not know its family; then it is the other one's. */
	enum nfv_family family = !a->chain && b->chain ? rule_family(b) : rule_family(a);

	if (a == b)
		return true;
	if (a->chain && b->chain && rule_family(a) != rule_family(b))
		return false;
	if (!a->chain && !b->chain && rule_family(b) == NFV_FAMILY_IPV6)
		family = NFV_FAMILY_IPV6;
	return same_in(a, b, family);
}

/* ---- rulesets ---- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_chain(const struct nfv_chain *a, const struct nfv_chain *b, enum nfv_family family)
{
	if (a->count != b->count || a->builtin != b->builtin || !same_text(a->policy, b->policy))
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_in(a->rules[i], b->rules[i], family))
			return false;
	return true;
}

/* A chain that is only named by rules, or a built-in one that is empty and accepts, may be missing on the other side. */
static bool is_nothing(const struct nfv_chain *chain)
{
	if (chain->count > 0)
		return false;
	return chain->builtin ? !chain->policy || !strcmp(chain->policy, "ACCEPT") : !chain->declared;
}

/* Every chain of a is in b; with `only` set those of both are not compared again. */
static bool chains_in(const struct nfv_table *a, const struct nfv_table *b, bool only, enum nfv_family family)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct nfv_chain *chain = a->chains[i];
		const struct nfv_chain *other = b ? table_find_chain(b, chain->name, strlen(chain->name)) : NULL;

		if (other ? !only && !same_chain(chain, other, family) : !is_nothing(chain))
			return false;
	}
	return true;
}

static bool tables_in(const struct nfv_rules *a, const struct nfv_rules *b, bool only)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct nfv_table *table = a->tables[i];
		const struct nfv_table *other = rules_find_table(b, table->name, strlen(table->name));

		if (!chains_in(table, other, only, a->family))
			return false;
	}
	return true;
}

bool nfv_rules_equal(const struct nfv_rules *a, const struct nfv_rules *b)
{
	if (a == b)
		return true;
	return a->family == b->family && tables_in(a, b, false) && tables_in(b, a, true);
}
