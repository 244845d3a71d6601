/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets and rules out of JSON. */
#include "rules/json.h"

#include "rules/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_NAME_MAX 31 /* XT_TABLE_MAXNAMELEN of the kernel, less the NUL */

/* Tables and chains may be an array of objects with names, or an object whose keys are the names. */
typedef int read_named_fn(void *parent, const char *name, const json_t *json, const struct rulejson_place *place,
			  struct nfv_rules_error *error);

static int read_named_item(void *parent, const json_t *json, read_named_fn *fn, const struct rulejson_place *place,
			   struct nfv_rules_error *error)
{
	struct rulejson_place at = { .parent = place, .key = "name" };
	char *name;
	int err;

	if (!json_is_object(json))
		return rulejson_fail(error, place, "should be an object");
	if (!json_object_get(json, "name"))
		return rulejson_fail(error, place, "has no \"name\"");
	err = rulejson_get_text(json_object_get(json, "name"), &at, &name, error);
	if (err)
		return err;
	err = fn(parent, name, json, place, error);
	free(name);
	return err;
}

static int read_named(void *parent, const json_t *json, read_named_fn *fn, const struct rulejson_place *place,
		      struct nfv_rules_error *error)
{
	const char *key;
	json_t *member;
	int err = 0;

	if (json_is_object(json)) {
		json_object_foreach((json_t *)(uintptr_t)json, key, member)
		{
			struct rulejson_place at = { .parent = place, .key = key };

			if (!err && json_object_get(member, "name"))
				err = rulejson_fail(error, &at, "has two names");
			if (!err)
				err = fn(parent, key, member, &at, error);
		}
		return err;
	}
	if (!json_is_array(json))
		return rulejson_fail(error, place, "should be an array or an object");
	for (size_t i = 0; i < json_array_size(json) && !err; i++) {
		struct rulejson_place at = { .parent = place, .index = i };

		err = read_named_item(parent, json_array_get(json, i), fn, &at, error);
	}
	return err;
}

/* ---- chains ---- */

static int read_rules(struct nfv_chain *chain, const json_t *json, const struct rulejson_place *place,
		      struct nfv_rules_error *error)
{
	if (!json_is_array(json))
		return rulejson_fail(error, place, "should be an array");
	for (size_t i = 0; i < json_array_size(json); i++) {
		struct rulejson_place at = { .parent = place, .index = i };
		struct nfv_rule *rule;
		int err = rulejson_read_rule(json_array_get(json, i), &at, &rule, error);

		if (!err && nfv_chain_append(chain, rule))
			err = rulejson_fail_memory(error);
		if (err)
			return err;
	}
	return 0;
}

static int read_policy(struct nfv_chain *chain, const json_t *json, const struct rulejson_place *place,
		       struct nfv_rules_error *error)
{
	char *policy;
	int err = rulejson_get_text(json, place, &policy, error);

	if (err)
		return err;
	if (!chain->builtin && table_builtin_chains(chain->table->name, chain->table->rules->family))
		err = rulejson_fail(error, place, "a chain of the user has no policy");
	else if (strcmp(policy, "ACCEPT") != 0 && strcmp(policy, "DROP") != 0)
		err = rulejson_fail(error, place, "should be \"ACCEPT\" or \"DROP\"");
	if (err) {
		free(policy);
		return err;
	}
	free(chain->policy);
	chain->policy = policy;
	chain->builtin = true;
	chain->declared = true;
	return 0;
}

static int read_chain_member(struct nfv_chain *chain, const json_t *json, const struct rulejson_place *place,
			     struct nfv_rules_error *error)
{
	if (!strcmp(place->key, "name") || !strcmp(place->key, "declared"))
		return 0;
	if (!strcmp(place->key, "policy"))
		return json_is_null(json) ? 0 : read_policy(chain, json, place, error);
	if (!strcmp(place->key, "packets"))
		return rulejson_get_number(json, place, &chain->packets, error);
	if (!strcmp(place->key, "bytes"))
		return rulejson_get_number(json, place, &chain->bytes, error);
	if (!strcmp(place->key, "note"))
		return rulejson_get_text(json, place, &chain->note, error);
	if (!strcmp(place->key, "rules"))
		return read_rules(chain, json, place, error);
	return rulejson_fail(error, place->parent, "unknown key \"%s\"", place->key);
}

static bool is_builtin(const struct nfv_table *table, const char *name)
{
	const char *const *chains = table_builtin_chains(table->name, table->rules->family);

	while (chains && *chains && strcmp(*chains, name) != 0)
		chains++;
	return chains && *chains;
}

/* A built-in chain of which nothing is said but its rules keeps its policy wherever that is committed. */
static int make_chain(struct nfv_table *table, const char *name, struct nfv_chain **chain,
		      const struct rulejson_place *place, struct nfv_rules_error *error)
{
	int err = chain_name_check(name, strlen(name));

	if (err)
		return rulejson_fail(error, place,
				     err == -ENAMETOOLONG ? "a chain's name of more than %d bytes"
							  : "not a name for a chain",
				     NFV_RULES_CHAIN_NAME_MAX);
	if (table_find_chain(table, name, strlen(name)))
		return rulejson_fail(error, place, "chain \"%s\" is there twice", name);
	*chain = chain_new(table, name, strlen(name));
	if (!*chain)
		return rulejson_fail_memory(error);
	(*chain)->builtin = is_builtin(table, name);
	(*chain)->declared = !(*chain)->builtin;
	if (!(*chain)->builtin)
		return 0;
	(*chain)->policy = strdup("ACCEPT");
	return (*chain)->policy ? 0 : rulejson_fail_memory(error);
}

static int read_declared(struct nfv_chain *chain, const json_t *json, const struct rulejson_place *place,
			 struct nfv_rules_error *error)
{
	struct rulejson_place at = { .parent = place, .key = "declared" };
	const json_t *declared = json_object_get(json, "declared");

	return declared ? rulejson_get_bool(declared, &at, &chain->declared, error) : 0;
}

static int read_chain(void *parent, const char *name, const json_t *json, const struct rulejson_place *place,
		      struct nfv_rules_error *error)
{
	struct rulejson_place at = { .parent = place };
	struct nfv_chain *chain = NULL;
	json_t *member;
	int err = make_chain(parent, name, &chain, place, error);

	if (err)
		return err;
	if (json_is_array(json))
		return read_rules(chain, json, place, error);
	if (!json_is_object(json))
		return rulejson_fail(error, place, "should be an object, or an array of rules");
	json_object_foreach((json_t *)(uintptr_t)json, at.key, member)
	{
		err = read_chain_member(chain, member, &at, error);
		if (err)
			return err;
	}
	return read_declared(chain, json, place, error);
}

/* ---- tables ---- */

static bool is_table_name(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (!isascii((unsigned char)name[i]) ||
		    !(isalnum((unsigned char)name[i]) || name[i] == '_' || name[i] == '-'))
			return false;
	return len > 0 && len <= TABLE_NAME_MAX;
}

static int read_table_member(struct nfv_table *table, const json_t *json, const struct rulejson_place *place,
			     struct nfv_rules_error *error)
{
	if (!strcmp(place->key, "name"))
		return 0;
	if (!strcmp(place->key, "note"))
		return rulejson_get_text(json, place, &table->note, error);
	if (!strcmp(place->key, "chains"))
		return read_named(table, json, read_chain, place, error);
	return rulejson_fail(error, place->parent, "unknown key \"%s\"", place->key);
}

static int read_table(void *parent, const char *name, const json_t *json, const struct rulejson_place *place,
		      struct nfv_rules_error *error)
{
	struct rulejson_place at = { .parent = place };
	struct nfv_table *table;
	json_t *member;
	int err;

	if (!is_table_name(name))
		return rulejson_fail(error, place, "not a name for a table");
	if (rules_find_table(parent, name, strlen(name)))
		return rulejson_fail(error, place, "table \"%s\" is there twice", name);
	if (!json_is_object(json))
		return rulejson_fail(error, place, "should be an object");
	table = table_new(parent, name, strlen(name));
	if (!table)
		return rulejson_fail_memory(error);
	json_object_foreach((json_t *)(uintptr_t)json, at.key, member)
	{
		err = read_table_member(table, member, &at, error);
		if (err)
			return err;
	}
	return 0;
}

/* ---- rulesets ---- */

static int read_family(const json_t *json, enum nfv_family *family, struct nfv_rules_error *error)
{
	struct rulejson_place at = { .key = "family" };
	const char *name = json_string_value(json_object_get(json, "family"));

	if (!json_is_object(json))
		return rulejson_fail(error, NULL, "a ruleset should be an object");
	if (!name || (strcmp(name, "ipv4") != 0 && strcmp(name, "ipv6") != 0))
		return rulejson_fail(error, &at, "should be \"ipv4\" or \"ipv6\"");
	*family = strcmp(name, "ipv6") ? NFV_FAMILY_IPV4 : NFV_FAMILY_IPV6;
	return 0;
}

static int read_ruleset(struct nfv_rules *rules, const json_t *json, struct nfv_rules_error *error)
{
	struct rulejson_place at = { .parent = NULL };
	json_t *member;
	int err = 0;

	json_object_foreach((json_t *)(uintptr_t)json, at.key, member)
	{
		if (!strcmp(at.key, "tables"))
			err = read_named(rules, member, read_table, &at, error);
		else if (strcmp(at.key, "family") != 0)
			err = rulejson_fail(error, NULL, "unknown key \"%s\"", at.key);
		if (err)
			return err;
	}
	return 0;
}

struct nfv_rules *nfv_rules_from_json(const char *text, size_t len, const char *file, struct nfv_rules_error *error)
{
	json_t *json = rulejson_load(text, len, file, 0, error);
	struct nfv_rules *rules = NULL;
	enum nfv_family family = NFV_FAMILY_IPV4;
	int err;

	if (!json)
		return NULL;
	err = read_family(json, &family, error);
	if (!err) {
		rules = nfv_rules_new(family);
		err = rules ? read_ruleset(rules, json, error) : rulejson_fail_memory(error);
	}
	json_decref(json);
	if (!err)
		return rules;
	nfv_rules_free(rules);
	error_place(error, file, 0, 0);
	errno = -err;
	return NULL;
}

struct nfv_rule *nfv_rule_from_json(const char *text, size_t len, struct nfv_rules_error *error)
{
	json_t *json = rulejson_load(text, len, NULL, JSON_DECODE_ANY, error);
	struct nfv_rule *rule;
	int err;

	if (!json)
		return NULL;
	err = rulejson_read_rule(json, NULL, &rule, error);
	json_decref(json);
	if (!err)
		return rule;
	errno = -err;
	return NULL;
}
