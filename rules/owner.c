/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/owner.h"

#include "rules/canonical.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TAG_SIZE (sizeof(OWNER_PREFIX) + OWNER_MAX + 1 + OWNER_DIGITS)

/* ---- tags ---- */

static bool is_owner_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

int owner_check(const char *owner)
{
	size_t len = owner ? strlen(owner) : 0;

	if (len == 0 || len > OWNER_MAX)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (!is_owner_char(owner[i]))
			return -EINVAL;
	return 0;
}

/* Splits a tag. False: it is none. */
static bool tag_parse(const char *text, const char **owner, size_t *len, uint64_t *hash)
{
	const size_t prefix = strlen(OWNER_PREFIX);
	uint64_t value = 0;
	size_t digits = 0;

	if (!text || strncmp(text, OWNER_PREFIX, prefix) != 0)
		return false;
	*owner = text + prefix;
	for (*len = 0; is_owner_char((*owner)[*len]);)
		++*len;
	text = *owner + *len;
	if (*len == 0 || *len > OWNER_MAX || *text++ != ':')
		return false;
	for (; isdigit((unsigned char)text[digits]) || (text[digits] >= 'a' && text[digits] <= 'f'); digits++)
		value = value << 4 | (uint64_t)(text[digits] <= '9' ? text[digits] - '0' : text[digits] - 'a' + 10);
	*hash = value;
	return digits == OWNER_DIGITS && text[digits] == '\0';
}

/* The match that holds the tag, the last if there are several; NULL: none. */
static struct nfv_extension *tag_of(const struct nfv_rule *rule, const char **owner, size_t *len, uint64_t *hash)
{
	for (size_t i = nfv_rule_match_count(rule); i > 0; i--) {
		struct nfv_extension *match = nfv_rule_match_at(rule, i - 1);

		if (!strcmp(nfv_extension_name(match), "comment") &&
		    tag_parse(nfv_extension_get(match, "comment"), owner, len, hash))
			return match;
	}
	return NULL;
}

/* Most rules of most rulesets have no tag: a look at the text spares making a view of each. */
static bool may_have_tag(const struct nfv_rule *rule)
{
	return rule->view || (rule->spec && strstr(rule->spec->bytes, OWNER_PREFIX));
}

bool owner_has(const struct nfv_rule *rule, const char *owner)
{
	const char *name;
	uint64_t hash;
	size_t len;

	return may_have_tag(rule) && tag_of(rule, &name, &len, &hash) && strlen(owner) == len && !memcmp(name, owner, len);
}

/* ---- the hash ---- */

static int remove_tags(struct nfv_rule *rule)
{
	struct nfv_extension *match;
	const char *owner;
	uint64_t hash;
	size_t len;
	int err = 0;

	while (!err && (match = tag_of(rule, &owner, &len, &hash)))
		err = nfv_rule_remove_match(rule, match);
	return err;
}

/* Of the rule without tags; equal for rules that are equal, however they are spelled. */
static int hash_of(const struct nfv_rule *rule, uint64_t *hash)
{
	struct nfv_rule *bare = nfv_rule_copy(rule);
	const struct spec *spec;
	int err = bare ? remove_tags(bare) : -ENOMEM;

	spec = err ? NULL : rule_spec(bare);
	/* The family is taken from what the rule says, so that it is the same in a chain and outside. */
	*hash = spec ? canonical_key(spec->bytes, spec->len, rule_family(bare)) : 0;
	nfv_rule_free(bare);
	return err ? err : *hash ? 0 : -ENOMEM;
}

/* ---- for users ---- */

static int add_tag(struct nfv_rule *rule, const char *owner)
{
	struct nfv_extension *match;
	char tag[TAG_SIZE];
	uint64_t hash;
	int err;

	err = hash_of(rule, &hash);
	if (err)
		return err;
	snprintf(tag, sizeof(tag), OWNER_PREFIX "%s:%0*" PRIx64, owner, OWNER_DIGITS, hash);
	match = nfv_rule_add_match(rule, "comment");
	return match ? nfv_extension_set(match, "comment", tag) : -errno;
}

int nfv_rule_set_owner(struct nfv_rule *rule, const char *owner)
{
	struct nfv_rules *rules = rule->chain && rule->chain->table ? rule->chain->table->rules : NULL;
	bool intact;
	char now[OWNER_MAX + 1];
	int err, held;

	if (owner_check(owner))
		return -EINVAL;
	if (!nfv_rule_owner(rule, now, sizeof(now), &intact) && intact && !strcmp(now, owner))
		return 0;
	if (rules)
		rules_hold(rules);
	err = remove_tags(rule);
	if (!err)
		err = add_tag(rule, owner);
	held = rules ? rules_unhold(rules) : 0;
	return err ? err : held;
}

int nfv_rule_owner(const struct nfv_rule *rule, char *text, size_t size, bool *intact)
{
	const char *owner;
	uint64_t hash, now;
	size_t len;
	int err = 0;

	if (!may_have_tag(rule) || !tag_of(rule, &owner, &len, &hash))
		return -ENOENT;
	if (size)
		snprintf(text, size, "%.*s", (int)len, owner);
	if (intact) {
		err = hash_of(rule, &now);
		*intact = !err && now == hash;
	}
	return err;
}

size_t owner_place(const struct nfv_chain *chain, const char *owner)
{
	for (size_t i = 0; i < chain->count; i++)
		if (owner_has(chain->rules[i], owner))
			return i;
	return SIZE_MAX;
}

/* ---- sweeping ---- */

static int sweep_rules(struct nfv_chain *chain, const char *owner, int *swept)
{
	int err = 0;

	/* Pulled out of the array, the rule at the same position is the next. */
	for (size_t i = 0; i < nfv_chain_count(chain) && !err;) {
		if (!owner_has(chain->rules[i], owner)) {
			i++;
			continue;
		}
		err = nfv_chain_delete(chain, i);
		*swept += !err;
	}
	return err;
}

/* Chains that others' rules lead to, or that hold others' rules, stay. */
static int sweep_chains(struct nfv_table *table, const char *prefix, int *swept)
{
	int err = 0;

	for (size_t i = table->count; i > 0 && !err; i--) {
		struct nfv_chain *chain = table->chains[i - 1];

		if (chain->builtin || chain->count || strncmp(chain->name, prefix, strlen(prefix)) != 0)
			continue;
		err = nfv_chain_remove(chain);
		*swept += !err;
		if (err == -EBUSY)
			err = 0;
	}
	return err;
}

int nfv_rules_sweep(struct nfv_rules *rules, const char *owner, const char *prefix)
{
	int err = owner_check(owner), held, swept = 0;

	if (err)
		return err;
	rules_hold(rules);
	for (size_t t = 0; t < rules->count && !err; t++) {
		struct nfv_table *table = rules->tables[t];

		for (size_t c = 0; c < table->count && !err; c++)
			err = sweep_rules(table->chains[c], owner, &swept);
		if (prefix && !err)
			err = sweep_chains(table, prefix, &swept);
	}
	held = rules_unhold(rules);
	return err ? err : held ? held : swept;
}
