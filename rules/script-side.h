/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One state of a chain, whether it is a chain or a base, or nothing at all. Pure. */
#ifndef RULES_SCRIPT_SIDE_H
#define RULES_SCRIPT_SIDE_H

#include "rules/base.h"

struct script_side {
	const struct nfv_chain *chain;
	const struct base *base; /* looked at when there is no chain; both NULL: not there */
	enum nfv_family family;
};

struct script_counters {
	uint64_t packets, bytes;
};

static inline bool script_side_exists(const struct script_side *side)
{
	return side->chain || side->base;
}

static inline const char *script_side_name(const struct script_side *side)
{
	return side->chain ? side->chain->name : side->base ? side->base->name : NULL;
}

static inline const char *script_side_policy(const struct script_side *side)
{
	return side->chain ? side->chain->policy : side->base ? side->base->policy : NULL;
}

static inline size_t script_side_count(const struct script_side *side)
{
	return side->chain ? side->chain->count : side->base ? side->base->count : 0;
}

/* NULL: no memory. */
static inline const struct spec *script_side_spec(const struct script_side *side, size_t at)
{
	if (!side->chain)
		return side->base->rules[at].spec;
	return side->chain->rules[at]->spec ? side->chain->rules[at]->spec : rule_spec(side->chain->rules[at]);
}

static inline struct script_counters script_side_counters(const struct script_side *side, size_t at)
{
	if (!side->chain)
		return (struct script_counters){ side->base->rules[at].packets, side->base->rules[at].bytes };
	return (struct script_counters){ side->chain->rules[at]->packets, side->chain->rules[at]->bytes };
}

static inline struct script_counters script_side_policy_counters(const struct script_side *side)
{
	if (side->chain)
		return (struct script_counters){ side->chain->packets, side->chain->bytes };
	return side->base ? (struct script_counters){ side->base->packets, side->base->bytes } :
			    (struct script_counters){ 0 };
}

/* NULL: none, the state is a base. */
static inline const struct nfv_rule *script_side_rule(const struct script_side *side, size_t at)
{
	return side->chain ? side->chain->rules[at] : NULL;
}

static inline bool script_counters_same(struct script_counters a, struct script_counters b)
{
	return a.packets == b.packets && a.bytes == b.bytes;
}

/* The canonical key; 0: no memory. */
uint64_t script_side_key(const struct script_side *side, size_t at);

#endif
