/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules/wire-request.h"

#include "rules/error.h"

#include <errno.h>
#include <string.h>

#define CONFIRM_MAX_S 86400

/* What goes with a request. */
enum {
	HAS_FAMILY = 1 << 0,
	HAS_TABLE = 1 << 1,
	HAS_CHAIN = 1 << 2,
	HAS_CHANGE = 1 << 3,
	HAS_WAIT = 1 << 4,
	MAY_TABLE = 1 << 5, /* or not */
	HAS_COUNTERS = 1 << 6,
	HAS_FLAGS = 1 << 7,
};

static const struct {
	const char *name;
	unsigned has;
} kinds[WIRE_WHAT_COUNT] = {
	[WIRE_READ] = { "read", HAS_FAMILY | MAY_TABLE | HAS_COUNTERS },
	[WIRE_SUBMIT] = { "submit", HAS_CHANGE | HAS_WAIT },
	[WIRE_LOCK] = { "lock", HAS_WAIT },
	[WIRE_UNLOCK] = { "unlock", 0 },
	[WIRE_LEASE] = { "lease", HAS_FAMILY | HAS_TABLE | HAS_CHAIN | HAS_FLAGS },
	[WIRE_RELEASE] = { "release", HAS_FAMILY | HAS_TABLE | HAS_CHAIN },
	[WIRE_CONFIRM] = { "confirm", HAS_WAIT },
	[WIRE_ROLLBACK] = { "rollback", HAS_WAIT },
	[WIRE_LEFT] = { "left", 0 },
	[WIRE_GENERATION] = { "generation", 0 },
	[WIRE_STATUS] = { "status", 0 },
};

const char *wire_what_name(enum wire_what what)
{
	return kinds[what].name;
}

/* ---- out ---- */

static int put(json_t *json, const char *key, json_t *value)
{
	return json_object_set_new(json, key, value);
}

json_t *wire_request_to_json(const struct wire_request *request)
{
	unsigned has = kinds[request->what].has;
	json_t *json = json_pack("{s:s}", "do", kinds[request->what].name);
	int err = 0;

	if (!json)
		return NULL;
	if (has & HAS_FAMILY)
		err |= put(json, "family", json_integer(request->family == NFV_FAMILY_IPV6 ? 6 : 4));
	if (has & HAS_TABLE || (has & MAY_TABLE && request->table))
		err |= put(json, "table", json_string(request->table));
	if (has & HAS_CHAIN)
		err |= put(json, "chain", json_string(request->chain));
	if (has & HAS_COUNTERS)
		err |= put(json, "counters", json_boolean(request->counters));
	if (has & HAS_FLAGS)
		err |= put(json, "flags", json_integer(request->flags));
	if (has & HAS_WAIT)
		err |= put(json, "wait_ms", json_integer(request->wait_ms));
	if (has & HAS_CHANGE) {
		err |= put(json, "change", json_incref((json_t *)(uintptr_t)request->change));
		err |= put(json, "confirm_s", json_integer(request->confirm_s));
		err |= put(json, "dry_run", json_boolean(request->dry_run));
	}
	if (err) {
		json_decref(json);
		return NULL;
	}
	return json;
}

/* ---- in ---- */

static int wrong(struct nfv_rules_error *error, const char *what, const char *key)
{
	return error_set(error, -EINVAL, "request %s: %s is missing or wrong", what, key);
}

/* Names are printed into texts for a tool: nothing but what may stand in one. */
static bool is_word(const char *text, size_t max)
{
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len > max || *text == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return false;
	return true;
}

static bool take_number(const json_t *json, const char *key, json_int_t max, json_int_t *number)
{
	const json_t *value = json_object_get(json, key);

	*number = json_integer_value(value);
	return json_is_integer(value) && *number >= 0 && *number <= max;
}

static bool take_bool(const json_t *json, const char *key, bool *value)
{
	const json_t *found = json_object_get(json, key);

	*value = json_is_true(found);
	return json_is_boolean(found);
}

static int take_place(struct wire_request *request, unsigned has, const json_t *json, const char *name,
		      struct nfv_rules_error *error)
{
	json_int_t number;

	if (has & HAS_FAMILY) {
		if (!take_number(json, "family", 6, &number) || (number != 4 && number != 6))
			return wrong(error, name, "family");
		request->family = number == 6 ? NFV_FAMILY_IPV6 : NFV_FAMILY_IPV4;
	}
	if (has & (HAS_TABLE | MAY_TABLE))
		request->table = json_string_value(json_object_get(json, "table"));
	if ((has & HAS_TABLE || json_object_get(json, "table")) && !is_word(request->table, WIRE_TABLE_MAX))
		return wrong(error, name, "table");
	if (has & HAS_CHAIN) {
		request->chain = json_string_value(json_object_get(json, "chain"));
		if (!is_word(request->chain, NFV_RULES_CHAIN_NAME_MAX))
			return wrong(error, name, "chain");
	}
	return 0;
}

static int take_rest(struct wire_request *request, unsigned has, const json_t *json, const char *name,
		     struct nfv_rules_error *error)
{
	json_int_t number;

	if (has & HAS_COUNTERS && !take_bool(json, "counters", &request->counters))
		return wrong(error, name, "counters");
	if (has & HAS_FLAGS) {
		if (!take_number(json, "flags", NFV_LEASE_REMOVE_CHAIN, &number))
			return wrong(error, name, "flags");
		request->flags = (unsigned)number;
	}
	if (has & HAS_WAIT) {
		if (!take_number(json, "wait_ms", WIRE_WAIT_MAX, &number))
			return wrong(error, name, "wait_ms");
		request->wait_ms = (int)number;
	}
	if (has & HAS_CHANGE) {
		request->change = json_object_get(json, "change");
		if (!json_is_object(request->change) && !json_is_array(request->change))
			return wrong(error, name, "change");
		if (!take_bool(json, "dry_run", &request->dry_run))
			return wrong(error, name, "dry_run");
		if (!take_number(json, "confirm_s", CONFIRM_MAX_S, &number))
			return wrong(error, name, "confirm_s");
		request->confirm_s = (unsigned)number;
	}
	return 0;
}

int wire_request_from_json(struct wire_request *request, const json_t *json, struct nfv_rules_error *error)
{
	const char *name = json_string_value(json_object_get(json, "do"));
	int err;

	*request = (struct wire_request){ 0 };
	for (int i = 0; name && i < WIRE_WHAT_COUNT; i++) {
		if (strcmp(name, kinds[i].name) != 0)
			continue;
		request->what = (enum wire_what)i;
		err = take_place(request, kinds[i].has, json, name, error);
		return err ? err : take_rest(request, kinds[i].has, json, name, error);
	}
	return error_set(error, -EINVAL, "a request that is not known");
}
