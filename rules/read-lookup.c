/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/read-lookup.h"

#include "rules/canonical.h"
#include "rules/read-target.h"

#include <errno.h>
#include <string.h>

#define MANY_STEPS 20000 /* more rules than that looked at: it is worth to know where they are */
#define MANY_ALIKE 16 /* rules of one number: the first of them in the chain is found as soon by going through it */

/* ---- numbers ---- */

static uint64_t mix(const void *where, uint64_t hash)
{
	return hash ^ (uint64_t)(uintptr_t)where * 0x9e3779b97f4a7c15u;
}

uint64_t read_lookup_target(const struct nfv_table *table, const char *name, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3u;
	return mix(table, hash);
}

/* 1: that is its number; 0: it has none; or -ENOMEM. */
static int number_of(enum read_lookup_kind kind, const struct nfv_rule *rule, uint64_t *number)
{
	const struct spec *spec = rule_spec(rule);
	struct read_span target;
	uint64_t key;

	if (!spec)
		return -ENOMEM;
	switch (kind) {
	case READ_LOOKUP_TARGET:
		target = read_target(spec->bytes, spec->len);
		if (!target.at)
			return 0;
		*number = read_lookup_target(rule->chain->table, target.at, read_span_len(target));
		return 1;
	case READ_LOOKUP_TEXT:
		*number = mix(rule->chain, spec->hash);
		return 1;
	case READ_LOOKUP_KEY:
		key = rule_key(rule);
		*number = mix(rule->chain, key);
		return key ? 1 : -ENOMEM;
	case READ_LOOKUP_KINDS:
		break;
	}
	return 0;
}

/* ---- what is kept ---- */

static void drop(struct read_lookup *lookup, enum read_lookup_kind kind)
{
	read_index_free(lookup->kinds[kind]);
	lookup->kinds[kind] = NULL;
}

void read_lookup_free(struct read_lookup *lookup)
{
	for (size_t k = 0; k < READ_LOOKUP_KINDS; k++)
		drop(lookup, (enum read_lookup_kind)k);
	*lookup = (struct read_lookup){ 0 };
}

static int add(struct read_index *index, enum read_lookup_kind kind, struct nfv_rule *rule)
{
	uint64_t number;
	int err = number_of(kind, rule, &number);

	return err > 0 ? read_index_add(index, rule, number) : err;
}

static int add_chain(struct read_index *index, enum read_lookup_kind kind, const struct nfv_chain *chain)
{
	int err = 0;

	/* From the end: of several alike the first is given first. */
	for (size_t i = chain->count; i > 0 && !err; i--)
		err = add(index, kind, chain->rules[i - 1]);
	return err;
}

/* NULL: no memory. */
static const struct read_index *kind_of(struct read_lookup *lookup, const struct nfv_rules *rules,
					enum read_lookup_kind kind)
{
	struct read_index *index = lookup->kinds[kind];
	int err = 0;

	if (index)
		return index;
	index = read_index_new();
	if (!index)
		return NULL;
	for (size_t t = 0; t < rules->count; t++)
		for (size_t c = 0; c < rules->tables[t]->count && !err; c++)
			err = add_chain(index, kind, rules->tables[t]->chains[c]);
	if (err) {
		read_index_free(index);
		return NULL;
	}
	lookup->any = true;
	lookup->kinds[kind] = index;
	return index;
}

const struct read_index *read_lookup_targets(struct read_lookup *lookup, const struct nfv_rules *rules)
{
	return kind_of(lookup, rules, READ_LOOKUP_TARGET);
}

void read_lookup_add(struct read_lookup *lookup, struct nfv_rule *rule)
{
	for (size_t k = 0; k < READ_LOOKUP_KINDS; k++)
		if (lookup->kinds[k] && add(lookup->kinds[k], (enum read_lookup_kind)k, rule))
			drop(lookup, (enum read_lookup_kind)k); /* it is made anew when it is wanted */
}

void read_lookup_remove(struct read_lookup *lookup, const struct nfv_rule *rule)
{
	for (size_t k = 0; k < READ_LOOKUP_KINDS; k++)
		if (lookup->kinds[k])
			read_index_remove(lookup->kinds[k], rule);
}

/* ---- a rule by what it says ---- */

static bool is_wanted(enum read_lookup_kind kind, const struct nfv_rule *rule, const struct nfv_rule *wanted)
{
	return kind == READ_LOOKUP_TEXT ? spec_same(rule_spec(rule), wanted->spec) : nfv_rule_equal(rule, wanted);
}

static long search(struct read_lookup *lookup, enum read_lookup_kind kind, const struct nfv_rule *wanted)
{
	const struct nfv_chain *chain = wanted->chain;

	for (size_t i = 0; i < chain->count; i++) {
		lookup->steps++;
		if (is_wanted(kind, chain->rules[i], wanted))
			return (long)i;
	}
	return -ENOENT;
}

/* Position, -ENOENT, or -EAGAIN: this way does not tell. */
static long quick(struct read_lookup *lookup, enum read_lookup_kind kind, const struct nfv_rules *rules,
		  const struct nfv_rule *wanted)
{
	const struct read_index *index = kind_of(lookup, rules, kind);
	long first = -ENOENT, position;
	struct nfv_rule *rule;
	unsigned alike = 0;
	uint32_t place = 0;
	uint64_t number;

	if (!index || number_of(kind, wanted, &number) <= 0)
		return -EAGAIN;
	while ((rule = read_index_next(index, number, &place))) {
		if (alike++ == MANY_ALIKE)
			return -EAGAIN;
		if (rule->chain != wanted->chain || !is_wanted(kind, rule, wanted))
			continue;
		position = nfv_rule_position(rule);
		if (first < 0 || position < first)
			first = position;
	}
	return first;
}

static long find(struct read_lookup *lookup, enum read_lookup_kind kind, const struct nfv_rules *rules,
		 const struct nfv_rule *wanted)
{
	long found = lookup->steps > MANY_STEPS ? quick(lookup, kind, rules, wanted) : -EAGAIN;

	return found == -EAGAIN ? search(lookup, kind, wanted) : found;
}

long read_lookup_rule(struct read_lookup *lookup, const struct nfv_rules *rules, struct nfv_chain *chain, struct spec *spec)
{
	struct nfv_rule wanted = { .chain = chain, .spec = spec };
	long found = find(lookup, READ_LOOKUP_TEXT, rules, &wanted);

	return found == -ENOENT ? find(lookup, READ_LOOKUP_KEY, rules, &wanted) : found;
}
