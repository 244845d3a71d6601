/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule out of JSON: its typed part, brought into the full form, and its text must say the same. */
#include "rules/json.h"

#include "rules/error.h"
#include "rules/rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Does a rule of this text say what the typed part says? NULL in *rule: it does not, or it is none, and then cause->text
 * tells why.
 */
static int try_text(const char *text, size_t len, const json_t *typed, struct nfv_rule **rule, struct nfv_rules_error *cause,
		    struct nfv_rules_error *error)
{
	json_t *says;
	bool same;

	*cause = (struct nfv_rules_error){ 0 };
	*rule = rule_from_text(text, len, cause);
	if (!*rule)
		return cause->code == ENOMEM ? rulejson_fail_memory(error) : 0;
	says = rulejson_typed(*rule);
	same = says && json_equal(says, typed);
	json_decref(says);
	if (same)
		return 0;
	nfv_rule_free(*rule);
	*rule = NULL;
	return says ? 0 : rulejson_fail_memory(error);
}

int rulejson_check_fields(const json_t *typed, const struct rulejson_place *place, struct nfv_rules_error *error)
{
	for (size_t i = 0; i < NFV_FIELD_COUNT; i++) {
		const json_t *field = json_object_get(typed, rulejson_field_name((enum nfv_field)i));
		struct rulejson_place at = { .parent = place, .key = rulejson_field_name((enum nfv_field)i) };
		char *value;
		bool fine;
		int err;

		if (!field)
			continue;
		err = rulejson_get_text(json_object_get(field, "value"), &at, &value, error);
		if (err)
			return err;
		fine = rule_field_ok((enum nfv_field)i, value, json_object_get(field, "not") != NULL, -1);
		err = fine ? 0 : rulejson_fail(error, &at, "\"%s\" cannot be its value", value);
		free(value);
		if (err)
			return err;
	}
	return 0;
}

static int compose_rule(const json_t *typed, const struct rulejson_place *place, struct nfv_rule **rule,
			struct nfv_rules_error *error)
{
	struct nfv_rules_error cause;
	struct text text = { 0 };
	int err = rulejson_check_fields(typed, place, error);

	if (err)
		return err;
	rulejson_compose(typed, &text);
	err = text.failed ? rulejson_fail_memory(error) : try_text(text.data, text.len, typed, rule, &cause, error);
	if (!err && !*rule) {
		err = rulejson_fail(error, place, "no rule: %s",
				    *cause.text ? cause.text : "as text it says something else");
		error_show(error, text.data, text.len, cause.column);
	}
	text_free(&text);
	return err;
}

/* The text alone: a rule, or, verbatim, what the kernel's tools may have printed. */
static int read_text(const char *text, bool verbatim, const struct rulejson_place *place, struct nfv_rule **rule,
		     struct nfv_rules_error *error)
{
	struct nfv_rules_error cause = { 0 };
	size_t len = strlen(text);

	*rule = rule_from_text(text, len, &cause);
	if (*rule)
		return 0;
	if (cause.code == ENOMEM)
		return rulejson_fail_memory(error);
	if (!verbatim) {
		rulejson_fail(error, place, "%s", cause.text);
		error_show(error, text, len, cause.column);
		return -EINVAL;
	}
	if (!rule_text_ok(text, NFV_RULES_LINE_MAX))
		return rulejson_fail(error, place, "too long, or it holds a control character");
	*rule = nfv_rule_new();
	if (*rule && !rule_set_spec(*rule, spec_new(text, len)))
		return 0;
	nfv_rule_free(*rule);
	*rule = NULL;
	return rulejson_fail_memory(error);
}

static int make_rule(const struct rulejson_parts *parts, const struct rulejson_place *place, struct nfv_rule **rule,
		     struct nfv_rules_error *error)
{
	struct rulejson_place at = { .parent = place, .key = "text" };
	struct nfv_rules_error cause;
	int err;

	if (parts->text && json_object_size(parts->typed) == 0)
		return read_text(parts->text, parts->verbatim, &at, rule, error);
	/* The text is the typed part in exact words, if nobody changed one without the other. */
	err = parts->text ? try_text(parts->text, strlen(parts->text), parts->typed, rule, &cause, error) : 0;
	return err || *rule ? err : compose_rule(parts->typed, place, rule, error);
}

static int finish_rule(struct nfv_rule *rule, struct rulejson_parts *parts, struct nfv_rules_error *error)
{
	rule_drop_view(rule);
	if (parts->packets || parts->bytes) {
		rule->packets = parts->packets;
		rule->bytes = parts->bytes;
	}
	rule->note = parts->note;
	parts->note = NULL;
	return parts->file && nfv_rule_set_origin(rule, parts->file, (unsigned)parts->line) ? rulejson_fail_memory(error)
											    : 0;
}

int rulejson_read_rule(const json_t *json, const struct rulejson_place *place, struct nfv_rule **rule,
		       struct nfv_rules_error *error)
{
	struct rulejson_parts parts = { 0 };
	int err;

	*rule = NULL;
	if (json_is_string(json))
		return read_text(json_string_value(json), false, place, rule, error);
	if (!json_is_object(json))
		return rulejson_fail(error, place, "should be an object, or a rule's text");
	err = rulejson_read_parts(&parts, json, place, error);
	if (!err)
		err = make_rule(&parts, place, rule, error);
	if (!err)
		err = finish_rule(*rule, &parts, error);
	if (err) {
		nfv_rule_free(*rule);
		*rule = NULL;
	}
	rulejson_parts_free(&parts);
	return err;
}
