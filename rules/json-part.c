/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The members of a rule's object. */
#include "rules/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void rulejson_parts_free(struct rulejson_parts *parts)
{
	json_decref(parts->typed);
	free(parts->text);
	free(parts->note);
	free(parts->file);
}

/* ---- fields ---- */

/* Keys of fields, also those of the tool's long options. */
static const struct {
	const char *key;
	enum nfv_field field;
} field_keys[] = {
	{ "source", NFV_FIELD_SOURCE },
	{ "src", NFV_FIELD_SOURCE },
	{ "destination", NFV_FIELD_DESTINATION },
	{ "dst", NFV_FIELD_DESTINATION },
	{ "in", NFV_FIELD_IN },
	{ "in-interface", NFV_FIELD_IN },
	{ "out", NFV_FIELD_OUT },
	{ "out-interface", NFV_FIELD_OUT },
	{ "protocol", NFV_FIELD_PROTOCOL },
	{ "fragment", NFV_FIELD_FRAGMENT },
};

static int find_field(const char *key)
{
	for (size_t i = 0; i < sizeof(field_keys) / sizeof(field_keys[0]); i++)
		if (!strcmp(field_keys[i].key, key))
			return (int)field_keys[i].field;
	return -1;
}

/* {"value": …, "not": …} */
static int read_field_object(const json_t *json, const struct rulejson_place *place, char **value, bool *negated,
			     struct nfv_rules_error *error)
{
	struct rulejson_place at = { .parent = place, .key = "value" };
	const json_t *given = json_object_get(json, "value");
	const char *key;
	json_t *member;
	int err;

	json_object_foreach((json_t *)(uintptr_t)json, key,
			    member) if (strcmp(key, "value") != 0 &&
					strcmp(key, "not") != 0) return rulejson_fail(error, place, "unknown key \"%s\"",
										      key);
	if (!given)
		return rulejson_fail(error, place, "has no \"value\"");
	at.key = "not";
	err = json_object_get(json, "not") ? rulejson_get_bool(json_object_get(json, "not"), &at, negated, error) : 0;
	at.key = "value";
	return err ? err : rulejson_get_text(given, &at, value, error);
}

/* "10.0.0.0/8", "! 10.0.0.0/8", 6 as a protocol, true for a fragment, or an object. */
static int read_field_value(const json_t *json, const struct rulejson_place *place, char **value, bool *negated,
			    struct nfv_rules_error *error)
{
	char digits[24];
	int err;

	if (json_is_object(json) && !json_object_get(json, "latin1"))
		return read_field_object(json, place, value, negated, error);
	if (json_is_true(json) || json_is_integer(json)) {
		snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		*value = strdup(json_is_true(json) ? "" : digits);
		return *value ? 0 : rulejson_fail_memory(error);
	}
	err = rulejson_get_text(json, place, value, error);
	if (!err && **value == '!') {
		size_t skip = 1 + strspn(*value + 1, " \t");

		*negated = true;
		memmove(*value, *value + skip, strlen(*value + skip) + 1);
	}
	return err;
}

static int read_field(struct rulejson_parts *parts, enum nfv_field field, const json_t *json,
		      const struct rulejson_place *place, struct nfv_rules_error *error)
{
	const char *name = rulejson_field_name(field);
	bool negated = false;
	char *value = NULL;
	json_t *object;
	int err;

	if (json_object_get(parts->typed, name))
		return rulejson_fail(error, place, "given twice");
	err = read_field_value(json, place, &value, &negated, error);
	if (!err) {
		object = json_object();
		if (rulejson_put(parts->typed, name, object) || rulejson_put(object, "value", rulejson_text(value)) ||
		    (negated && rulejson_put(object, "not", json_true())))
			err = rulejson_fail_memory(error);
	}
	free(value);
	return err;
}

/* ---- matches ---- */

/* The member's array, made when it is not there. */
static json_t *matches_of(struct rulejson_parts *parts)
{
	json_t *matches = json_object_get(parts->typed, "matches");

	if (matches)
		return matches;
	matches = json_array();
	return rulejson_put(parts->typed, "matches", matches) ? NULL : matches;
}

static int add_match(struct rulejson_parts *parts, const json_t *json, const struct rulejson_place *place,
		     struct nfv_rules_error *error)
{
	json_t *full, *matches = matches_of(parts);
	int err = matches ? rulejson_full_match(json, place, &full, error) : rulejson_fail_memory(error);

	if (err)
		return err;
	return rulejson_add(matches, full) ? rulejson_fail_memory(error) : 0;
}

/* {"tcp": {"dport": 22}} */
static int read_matches_object(struct rulejson_parts *parts, const json_t *json, const struct rulejson_place *place,
			       struct nfv_rules_error *error)
{
	const char *key;
	json_t *options;
	int err = 0;

	json_object_foreach((json_t *)(uintptr_t)json, key, options)
	{
		struct rulejson_place at = { .parent = place, .key = key };
		json_t *match;

		if (err)
			break;
		match = json_pack("{s:s,s:O}", "name", key, "options", options);
		err = match ? add_match(parts, match, &at, error) : rulejson_fail_memory(error);
		json_decref(match);
	}
	return err;
}

static int read_matches(struct rulejson_parts *parts, const json_t *json, const struct rulejson_place *place,
			struct nfv_rules_error *error)
{
	int err = 0;

	if (json_is_object(json))
		return read_matches_object(parts, json, place, error);
	if (!json_is_array(json))
		return rulejson_fail(error, place, "should be an array or an object");
	for (size_t i = 0; i < json_array_size(json) && !err; i++) {
		struct rulejson_place at = { .parent = place, .index = i };

		err = add_match(parts, json_array_get(json, i), &at, error);
	}
	return err;
}

/* Short for a match of that name, behind the others. */
static int read_comment(struct rulejson_parts *parts, const json_t *json, const struct rulejson_place *place,
			struct nfv_rules_error *error)
{
	json_t *matches = json_object_get(parts->typed, "matches"), *match, *full;
	int err;

	for (size_t i = 0; i < json_array_size(matches); i++) {
		const char *name = json_string_value(json_object_get(json_array_get(matches, i), "name"));

		if (name && !strcmp(name, "comment"))
			return rulejson_fail(error, place, "there is a match \"comment\" too");
	}
	err = rulejson_get_full_text(json, place, &full, error);
	if (err)
		return err;
	match = json_pack("{s:s,s:{s:o}}", "name", "comment", "options", "comment", full);
	err = match ? add_match(parts, match, place, error) : rulejson_fail_memory(error);
	json_decref(match);
	return err;
}

/* ---- the rest ---- */

static int read_origin(struct rulejson_parts *parts, const json_t *json, const struct rulejson_place *place,
		       struct nfv_rules_error *error)
{
	const char *key;
	json_t *member;
	int err = json_is_object(json) ? 0 : rulejson_fail(error, place, "should be an object");

	json_object_foreach((json_t *)(uintptr_t)json, key, member)
	{
		struct rulejson_place at = { .parent = place, .key = key };

		if (err)
			break;
		if (!strcmp(key, "file"))
			err = rulejson_get_text(member, &at, &parts->file, error);
		else if (!strcmp(key, "line"))
			err = rulejson_get_number(member, &at, &parts->line, error);
		else
			err = rulejson_fail(error, place, "unknown key \"%s\"", key);
	}
	if (!err && (!parts->file || parts->line > UINT32_MAX))
		err = rulejson_fail(error, place, parts->file ? "\"line\" is too large" : "has no \"file\"");
	return err;
}

static int read_target(struct rulejson_parts *parts, const json_t *json, const struct rulejson_place *place,
		       struct nfv_rules_error *error)
{
	json_t *full;
	int err = rulejson_full_target(json, place, &full, error);

	if (err)
		return err;
	return rulejson_put(parts->typed, "target", full) ? rulejson_fail_memory(error) : 0;
}

static int read_member(struct rulejson_parts *parts, const char *key, const json_t *json, const struct rulejson_place *place,
		       struct nfv_rules_error *error)
{
	int field = find_field(key);

	if (field >= 0)
		return read_field(parts, (enum nfv_field)field, json, place, error);
	if (!strcmp(key, "packets"))
		return rulejson_get_number(json, place, &parts->packets, error);
	if (!strcmp(key, "bytes"))
		return rulejson_get_number(json, place, &parts->bytes, error);
	if (!strcmp(key, "matches"))
		return read_matches(parts, json, place, error);
	if (!strcmp(key, "target"))
		return read_target(parts, json, place, error);
	if (!strcmp(key, "note"))
		return rulejson_get_text(json, place, &parts->note, error);
	if (!strcmp(key, "text"))
		return rulejson_get_text(json, place, &parts->text, error);
	if (!strcmp(key, "verbatim"))
		return rulejson_get_bool(json, place, &parts->verbatim, error);
	if (!strcmp(key, "origin"))
		return read_origin(parts, json, place, error);
	if (!strcmp(key, "comment"))
		return 0; /* when all matches are there */
	return rulejson_fail(error, place->parent, "unknown key \"%s\"", key);
}

int rulejson_read_parts(struct rulejson_parts *parts, const json_t *json, const struct rulejson_place *place,
			struct nfv_rules_error *error)
{
	const json_t *comment = json_object_get(json, "comment");
	struct rulejson_place at = { .parent = place };
	json_t *member;
	int err = 0;

	parts->typed = json_object();
	if (!parts->typed)
		return rulejson_fail_memory(error);
	json_object_foreach((json_t *)(uintptr_t)json, at.key, member)
	{
		err = read_member(parts, at.key, member, &at, error);
		if (err)
			return err;
	}
	at.key = "comment";
	return comment ? read_comment(parts, comment, &at, error) : 0;
}
