/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The typed part of a rule: from its view, and as text again. */
#include "rules/json.h"

#include "rules/extension.h"
#include "rules/tokens.h"
#include "rules/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *rulejson_field_name(enum nfv_field field)
{
	static const char *const names[NFV_FIELD_COUNT] = {
		[NFV_FIELD_SOURCE] = "source", [NFV_FIELD_DESTINATION] = "destination", [NFV_FIELD_IN] = "in",
		[NFV_FIELD_OUT] = "out",       [NFV_FIELD_PROTOCOL] = "protocol",       [NFV_FIELD_FRAGMENT] = "fragment",
	};

	return names[field];
}

/* ---- out of a view ---- */

static int put_not(json_t *object, bool negated)
{
	return negated ? rulejson_put(object, "not", json_true()) : 0;
}

static int put_fields(json_t *typed, const struct view *view)
{
	for (size_t i = 0; i < NFV_FIELD_COUNT; i++) {
		json_t *field;

		if (!view->fields[i].value)
			continue;
		field = json_object();
		if (rulejson_put(typed, rulejson_field_name((enum nfv_field)i), field) ||
		    rulejson_put(field, "value", rulejson_text(view->fields[i].value)) ||
		    put_not(field, view->fields[i].negated))
			return -ENOMEM;
	}
	return 0;
}

static int add_option(json_t *options, const struct view_option *option)
{
	json_t *object = json_object(), *values = json_array();

	if (rulejson_add(options, object)) {
		json_decref(values);
		return -ENOMEM;
	}
	if (rulejson_put(object, "name", rulejson_text(option->name)) || put_not(object, option->negated)) {
		json_decref(values);
		return -ENOMEM;
	}
	if (rulejson_put(object, "values", values))
		return -ENOMEM;
	for (size_t i = 0; i < option->count; i++)
		if (rulejson_add(values, rulejson_text(option->values[i])))
			return -ENOMEM;
	return 0;
}

static int fill_extension(json_t *object, const struct nfv_extension *extension)
{
	json_t *options;

	if (rulejson_put(object, "name", rulejson_text(extension->name)))
		return -ENOMEM;
	if (extension->is_goto && rulejson_put(object, "goto", json_true()))
		return -ENOMEM;
	options = json_array();
	if (rulejson_put(object, "options", options))
		return -ENOMEM;
	for (size_t i = 0; i < extension->count; i++)
		if (add_option(options, &extension->options[i]))
			return -ENOMEM;
	return 0;
}

static int put_extensions(json_t *typed, const struct view *view)
{
	json_t *matches = view->match_count ? json_array() : NULL, *object;

	if (view->match_count && rulejson_put(typed, "matches", matches))
		return -ENOMEM;
	for (size_t i = 0; i < view->match_count; i++) {
		object = json_object();
		if (rulejson_add(matches, object) || fill_extension(object, view->matches[i]))
			return -ENOMEM;
	}
	if (!view->target)
		return 0;
	object = json_object();
	return rulejson_put(typed, "target", object) || fill_extension(object, view->target) ? -ENOMEM : 0;
}

json_t *rulejson_typed(const struct nfv_rule *rule)
{
	struct nfv_rule *made = (struct nfv_rule *)(uintptr_t)rule;
	bool had = rule->view != NULL;
	const struct view *view = rule_view(rule);
	json_t *typed;

	if (!view)
		return NULL;
	typed = json_object();
	if (typed && (put_fields(typed, view) || put_extensions(typed, view))) {
		json_decref(typed);
		typed = NULL;
	}
	if (!had)
		rule_drop_view(made);
	if (!typed)
		errno = ENOMEM;
	return typed;
}

/* ---- into text ---- */

/* The text of a full form; what must be allocated for that is in *own. NULL: no memory. */
static const char *text_of(const json_t *json, char **own)
{
	*own = NULL;
	if (json_is_string(json))
		return json_string_value(json);
	rulejson_get_text(json, NULL, own, NULL);
	return *own;
}

static bool is_bare(const char *word)
{
	return *word && !strpbrk(word, " \t\"") && strcmp(word, "!") != 0;
}

static void add_blank(struct text *out)
{
	if (out->len)
		text_add(out, " ", 1);
}

static void add_words(struct text *out, const char *words)
{
	add_blank(out);
	text_add(out, words, strlen(words));
}

/* quote: as iptables-save prints texts; else only where the tool's reader needs it. */
static void add_value(struct text *out, const json_t *value, bool quote)
{
	char *own;
	const char *word = text_of(value, &own);

	add_blank(out);
	if (!word)
		out->failed = true;
	else if (!quote && is_bare(word))
		text_add(out, word, strlen(word));
	else
		tokens_quote(out, word);
	free(own);
}

static void add_fields(struct text *out, const json_t *typed)
{
	static const char *const letters[NFV_FIELD_COUNT] = {
		[NFV_FIELD_SOURCE] = "-s", [NFV_FIELD_DESTINATION] = "-d", [NFV_FIELD_IN] = "-i",
		[NFV_FIELD_OUT] = "-o",    [NFV_FIELD_PROTOCOL] = "-p",    [NFV_FIELD_FRAGMENT] = "-f",
	};

	for (size_t i = 0; i < NFV_FIELD_COUNT; i++) {
		const json_t *field = json_object_get(typed, rulejson_field_name((enum nfv_field)i));

		if (!field)
			continue;
		if (json_object_get(field, "not"))
			add_words(out, "!");
		add_words(out, letters[i]);
		if (i != NFV_FIELD_FRAGMENT)
			add_value(out, json_object_get(field, "value"), false);
	}
}

/* Is a value of it printed as a text, in quotes? */
static bool is_quoted(const char *extension, bool is_target, const char *option)
{
	for (int family = NFV_FAMILY_IPV4; family <= NFV_FAMILY_IPV6; family++) {
		const struct extension *known = extension_find(extension, is_target, (enum nfv_family)family);
		const struct extension_option *found = known ? extension_option_find(known, option) : NULL;

		if (found)
			return found->kind == VALUE_STRING;
	}
	return false;
}

static void add_option_text(struct text *out, const json_t *option, const char *extension, bool is_target)
{
	const json_t *values = json_object_get(option, "values");
	char *own;
	const char *name = text_of(json_object_get(option, "name"), &own);
	bool quote;

	if (!name) {
		out->failed = true;
		return;
	}
	quote = is_quoted(extension, is_target, name);
	if (json_object_get(option, "not"))
		add_words(out, "!");
	if (*name) {
		add_words(out, "--");
		text_add(out, name, strlen(name));
	}
	for (size_t i = 0; i < json_array_size(values); i++)
		add_value(out, json_array_get(values, i), quote);
	free(own);
}

static void add_extension(struct text *out, const json_t *extension, const char *option, bool is_target)
{
	const json_t *options = json_object_get(extension, "options"), *name = json_object_get(extension, "name");
	char *own;
	const char *called = text_of(name, &own);

	add_words(out, option);
	add_value(out, name, false);
	for (size_t i = 0; i < json_array_size(options) && called; i++)
		add_option_text(out, json_array_get(options, i), called, is_target);
	free(own);
}

void rulejson_compose(const json_t *typed, struct text *out)
{
	const json_t *matches = json_object_get(typed, "matches"), *target = json_object_get(typed, "target");

	text_add(out, "", 0);
	add_fields(out, typed);
	for (size_t i = 0; i < json_array_size(matches); i++)
		add_extension(out, json_array_get(matches, i), "-m", false);
	if (target)
		add_extension(out, target, json_object_get(target, "goto") ? "-g" : "-j", true);
}

/* ---- the whole rule ---- */

/* Also when a value is none that would be taken without the text: it was, so it stays. */
static int put_text(json_t *object, const struct nfv_rule *rule, const json_t *typed)
{
	const struct spec *spec = rule_spec(rule);
	struct text composed = { 0 };
	int fields = rulejson_check_fields(typed, NULL, NULL), err;

	if (!spec || fields == -ENOMEM)
		return -ENOMEM;
	rulejson_compose(typed, &composed);
	err = composed.failed ? -ENOMEM : 0;
	if (!err && (fields || composed.len != spec->len || memcmp(composed.data, spec->bytes, spec->len) != 0))
		err = rulejson_put(object, "text", rulejson_text(spec->bytes));
	text_free(&composed);
	return err;
}

static int put_origin(json_t *object, const struct nfv_rule *rule)
{
	json_t *origin;

	if (!rule->file)
		return 0;
	origin = json_object();
	return rulejson_put(object, "origin", origin) || rulejson_put(origin, "file", rulejson_text(rule->file->bytes)) ||
			       rulejson_put(origin, "line", rulejson_number(rule->line))
		       ? -ENOMEM
		       : 0;
}

static json_t *fail(json_t *object, json_t *typed)
{
	json_decref(object);
	json_decref(typed);
	errno = ENOMEM;
	return NULL;
}

json_t *rulejson_rule(const struct nfv_rule *rule)
{
	json_t *object = json_object(), *typed;

	errno = 0;
	typed = rulejson_typed(rule);
	if (!object || (!typed && errno != EINVAL))
		return fail(object, typed);
	if ((rule->packets || rule->bytes) && (rulejson_put(object, "packets", rulejson_number(rule->packets)) ||
					       rulejson_put(object, "bytes", rulejson_number(rule->bytes))))
		return fail(object, typed);
	/* What is no rule, but stood in the kernel's, is its text alone. */
	if (typed ? json_object_update(object, typed) || put_text(object, rule, typed)
		  : rulejson_put(object, "text", rulejson_text(rule->spec->bytes)) ||
			    rulejson_put(object, "verbatim", json_true()))
		return fail(object, typed);
	if (put_origin(object, rule) || (rule->note && rulejson_put(object, "note", rulejson_text(rule->note))))
		return fail(object, typed);
	json_decref(typed);
	return object;
}
