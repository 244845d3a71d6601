/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matches, targets and options as people write them, brought into the full form. */
#include "rules/json.h"

#include "rules/extension.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"

/* Whose options are read. */
struct owner {
	const char *extension;
	bool is_target;
};

/* ---- values ---- */

/* One value: a text or a number. Adds it. */
static int add_value(json_t *values, const json_t *json, const struct rulejson_place *place, struct nfv_rules_error *error)
{
	char digits[24];
	json_t *full;
	int err;

	if (json_is_integer(json)) {
		snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		full = json_string(digits);
	} else {
		err = rulejson_get_full_text(json, place, &full, error);
		if (err)
			return err;
	}
	return rulejson_add(values, full) ? rulejson_fail_memory(error) : 0;
}

/* How many values the option takes; 0 also when that is not known. */
static size_t wanted_values(const struct owner *owner, const char *option)
{
	for (int family = NFV_FAMILY_IPV4; family <= NFV_FAMILY_IPV6; family++) {
		const struct extension *known = extension_find(owner->extension, owner->is_target, (enum nfv_family)family);
		const struct extension_option *found = known ? extension_option_find(known, option) : NULL;

		if (found)
			return found->values;
	}
	return 0;
}

/* "bad src" of an option that takes two values. */
static int split_values(json_t *values, const json_t *json, const struct rulejson_place *place,
			struct nfv_rules_error *error)
{
	char *text, *rest;
	int err = rulejson_get_text(json, place, &text, error);

	if (err)
		return err;
	for (char *word = strtok_r(text, BLANKS, &rest); word && !err; word = strtok_r(NULL, BLANKS, &rest))
		err = rulejson_add(values, rulejson_text(word)) ? rulejson_fail_memory(error) : 0;
	free(text);
	return err;
}

/* true: a flag. */
static int fill_values(json_t *values, const json_t *json, size_t wanted, const struct rulejson_place *place,
		       struct nfv_rules_error *error)
{
	int err = 0;

	if (json_is_true(json))
		return 0;
	if (json_is_string(json) && wanted == 0 && json_string_length(json) == 0)
		return 0;
	if (json_is_string(json) && wanted > 1)
		return split_values(values, json, place, error);
	if (!json_is_array(json))
		return add_value(values, json, place, error);
	for (size_t i = 0; i < json_array_size(json) && !err; i++) {
		struct rulejson_place at = { .parent = place, .index = i };

		err = add_value(values, json_array_get(json, i), &at, error);
	}
	return err;
}

/* ---- options ---- */

/* Takes name and values. */
static int add_option(json_t *options, json_t *name, bool negated, json_t *values, struct nfv_rules_error *error)
{
	json_t *option = json_object();
	int err = rulejson_put(option, "name", name);

	if (!err && negated)
		err = rulejson_put(option, "not", json_true());
	if (err)
		json_decref(values);
	else
		err = rulejson_put(option, "values", values);
	if (err)
		json_decref(option);
	else
		err = rulejson_add(options, option);
	return err ? rulejson_fail_memory(error) : 0;
}

/* "dport": 22 of an object, or "!dport". */
static int read_member(json_t *options, const char *key, const json_t *json, const struct owner *owner,
		       const struct rulejson_place *place, struct nfv_rules_error *error)
{
	bool negated = *key == '!';
	const char *name = key + negated + strspn(key + negated, BLANKS);
	json_t *values = json_array();
	int err = values ? fill_values(values, json, wanted_values(owner, name), place, error) : rulejson_fail_memory(error);

	if (!err)
		return add_option(options, json_string(name), negated, values, error);
	json_decref(values);
	return err;
}

/* {"name": …, "not": …, "values": […]} of an array. */
static int read_option_parts(const json_t *json, const struct owner *owner, const struct rulejson_place *place,
			     json_t **name, bool *negated, json_t *values, struct nfv_rules_error *error)
{
	const json_t *many = json_object_get(json, "values"), *one = json_object_get(json, "value");
	struct rulejson_place at = { .parent = place, .key = "name" };
	const char *key;
	json_t *member;
	char *text;
	int err;

	json_object_foreach((json_t *)(uintptr_t)json, key,
			    member) if (strcmp(key, "name") != 0 && strcmp(key, "not") != 0 && strcmp(key, "values") != 0 &&
					strcmp(key, "value") != 0) return rulejson_fail(error, place, "unknown key \"%s\"",
											key);
	if (!json_object_get(json, "name"))
		return rulejson_fail(error, place, "has no \"name\"");
	if (many && one)
		return rulejson_fail(error, place, "has \"value\" and \"values\"");
	err = rulejson_get_full_text(json_object_get(json, "name"), &at, name, error);
	at.key = "not";
	if (!err && json_object_get(json, "not"))
		err = rulejson_get_bool(json_object_get(json, "not"), &at, negated, error);
	at.key = many ? "values" : "value";
	if (!err && many && !json_is_array(many))
		err = rulejson_fail(error, &at, "should be an array");
	if (err || !(many || one))
		return err;
	err = rulejson_get_text(*name, place, &text, error);
	if (!err)
		err = fill_values(values, many ? many : one, wanted_values(owner, text), &at, error);
	free(text);
	return err;
}

static int read_option(json_t *options, const json_t *json, const struct owner *owner, const struct rulejson_place *place,
		       struct nfv_rules_error *error)
{
	json_t *name = NULL, *values;
	bool negated = false;
	int err;

	if (json_is_string(json))
		return read_member(options, json_string_value(json), json_true(), owner, place, error);
	if (!json_is_object(json))
		return rulejson_fail(error, place, "should be an object or the name of a flag");
	values = json_array();
	err = values ? read_option_parts(json, owner, place, &name, &negated, values, error) : rulejson_fail_memory(error);
	if (!err)
		return add_option(options, name, negated, values, error);
	json_decref(name);
	json_decref(values);
	return err;
}

int rulejson_full_options(const json_t *json, const struct rulejson_place *place, const char *extension, bool is_target,
			  json_t **full, struct nfv_rules_error *error)
{
	const struct owner owner = { extension, is_target };
	const char *key;
	json_t *member;
	int err = 0;

	*full = json_array();
	if (!*full)
		return rulejson_fail_memory(error);
	if (json_is_object(json)) {
		json_object_foreach((json_t *)(uintptr_t)json, key, member)
		{
			struct rulejson_place at = { .parent = place, .key = key };

			if (!err)
				err = read_member(*full, key, member, &owner, &at, error);
		}
	} else if (json && !json_is_array(json)) {
		err = rulejson_fail(error, place, "should be an object or an array");
	}
	for (size_t i = 0; i < json_array_size(json) && !err; i++) {
		struct rulejson_place at = { .parent = place, .index = i };

		err = read_option(*full, json_array_get(json, i), &owner, &at, error);
	}
	if (err) {
		json_decref(*full);
		*full = NULL;
	}
	return err;
}

/* ---- matches and targets ---- */

static int check_keys(const json_t *json, bool is_target, const struct rulejson_place *place, struct nfv_rules_error *error)
{
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)(uintptr_t)json, key,
			    member) if (strcmp(key, "name") != 0 && strcmp(key, "options") != 0 &&
					(!is_target || strcmp(key, "goto") != 0)) return rulejson_fail(error, place,
												       "unknown key \"%s\"",
												       key);
	return json_object_get(json, "name") ? 0 : rulejson_fail(error, place, "has no \"name\"");
}

static int fill_extension(json_t *object, const json_t *json, bool is_target, const struct rulejson_place *place,
			  struct nfv_rules_error *error)
{
	bool is_string = json_is_string(json), is_goto = false;
	struct rulejson_place at = { .parent = place, .key = "name" };
	json_t *name, *options;
	char *text;
	int err = is_string ? 0 : check_keys(json, is_target, place, error);

	if (err)
		return err;
	err = rulejson_get_full_text(is_string ? json : json_object_get(json, "name"), is_string ? place : &at, &name,
				     error);
	if (err)
		return err;
	if (rulejson_put(object, "name", name))
		return rulejson_fail_memory(error);
	at.key = "goto";
	if (!is_string && json_object_get(json, "goto"))
		err = rulejson_get_bool(json_object_get(json, "goto"), &at, &is_goto, error);
	if (!err && is_goto && rulejson_put(object, "goto", json_true()))
		err = rulejson_fail_memory(error);
	if (!err)
		err = rulejson_get_text(name, place, &text, error);
	if (err)
		return err;
	at.key = "options";
	err = rulejson_full_options(is_string ? NULL : json_object_get(json, "options"), &at, text, is_target, &options,
				    error);
	free(text);
	if (err)
		return err;
	return rulejson_put(object, "options", options) ? rulejson_fail_memory(error) : 0;
}

static int full_extension(const json_t *json, bool is_target, const struct rulejson_place *place, json_t **full,
			  struct nfv_rules_error *error)
{
	int err;

	if (!json_is_string(json) && !json_is_object(json))
		return rulejson_fail(error, place, "should be a name or an object");
	*full = json_object();
	err = *full ? fill_extension(*full, json, is_target, place, error) : rulejson_fail_memory(error);
	if (err) {
		json_decref(*full);
		*full = NULL;
	}
	return err;
}

int rulejson_full_match(const json_t *json, const struct rulejson_place *place, json_t **full, struct nfv_rules_error *error)
{
	return full_extension(json, false, place, full, error);
}

int rulejson_full_target(const json_t *json, const struct rulejson_place *place, json_t **full,
			 struct nfv_rules_error *error)
{
	return full_extension(json, true, place, full, error);
}
