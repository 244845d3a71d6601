/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rulesets as JSON. Names begin with rulejson_, for json_ is jansson's.
 *
 * What a rule says without its text is its typed part: an object of fields, matches and target, in one full form (that of
 * rulejson_typed()). What is read is brought into that form first; then it is compared with what the rule's text says.
 */
#ifndef RULES_JSON_H
#define RULES_JSON_H

#include "rules/model.h"
#include "rules/text.h"

#include <jansson.h>

#define RULEJSON_LEN_MAX ((size_t)256 << 20) /* bytes of a text that is read */

/* ---- out: NULL for lack of memory ---- */

/* A string, or {"latin1": "…"} with a code point for each byte when the text is not UTF-8. */
json_t *rulejson_text(const char *text);
/* A counter: an integer, or a string of digits above what JSON's readers take. */
json_t *rulejson_number(uint64_t number);
/* "source", …; by enum nfv_field. */
const char *rulejson_field_name(enum nfv_field field);
/* The typed part; NULL with errno EINVAL when the rule's text is none. */
json_t *rulejson_typed(const struct nfv_rule *rule);
/* The text that the typed part makes. */
void rulejson_compose(const json_t *typed, struct text *out);
/* The whole rule. */
json_t *rulejson_rule(const struct nfv_rule *rule);

/* ---- in ---- */

/* Where in the JSON: a list from the inside out. */
struct rulejson_place {
	const struct rulejson_place *parent; /* NULL: the whole */
	const char *key; /* NULL: */
	size_t index; /* in an array */
};

/* -EINVAL (or code) after telling "tables[0].chains[2]: …". */
int rulejson_fail(struct nfv_rules_error *error, const struct rulejson_place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int rulejson_fail_memory(struct nfv_rules_error *error);

/* The functions below give 0 or -errno, with an error told. Texts are to be freed. */

int rulejson_get_text(const json_t *json, const struct rulejson_place *place, char **text, struct nfv_rules_error *error);
int rulejson_get_number(const json_t *json, const struct rulejson_place *place, uint64_t *number,
			struct nfv_rules_error *error);
int rulejson_get_bool(const json_t *json, const struct rulejson_place *place, bool *value, struct nfv_rules_error *error);
/* A text again in its full form: {"latin1": …} only if it must be. */
int rulejson_get_full_text(const json_t *json, const struct rulejson_place *place, json_t **full,
			   struct nfv_rules_error *error);

/* A match or target in any form, brought into the full one. */
int rulejson_full_match(const json_t *json, const struct rulejson_place *place, json_t **full,
			struct nfv_rules_error *error);
int rulejson_full_target(const json_t *json, const struct rulejson_place *place, json_t **full,
			 struct nfv_rules_error *error);
/* Options of an extension in any form, as an array. */
int rulejson_full_options(const json_t *json, const struct rulejson_place *place, const char *extension, bool is_target,
			  json_t **full, struct nfv_rules_error *error);

/* What a rule's object holds; all zero before it is read. */
struct rulejson_parts {
	json_t *typed; /* in the full form, empty when there is none */
	char *text; /* NULL: none */
	char *note, *file;
	uint64_t packets, bytes, line;
	bool verbatim;
};

/* The members of a rule's object in any form. To be freed also after a failure. */
int rulejson_read_parts(struct rulejson_parts *parts, const json_t *json, const struct rulejson_place *place,
			struct nfv_rules_error *error);
void rulejson_parts_free(struct rulejson_parts *parts);

/* Values of fields that the tool could not be given. */
int rulejson_check_fields(const json_t *typed, const struct rulejson_place *place, struct nfv_rules_error *error);

/* A rule in any form. */
int rulejson_read_rule(const json_t *json, const struct rulejson_place *place, struct nfv_rule **rule,
		       struct nfv_rules_error *error);
/* Parses the text of JSON itself. NULL with errno. */
json_t *rulejson_load(const char *text, size_t len, const char *file, size_t flags, struct nfv_rules_error *error);

/* Gives array or object a member, and the reference with it. 0 or -ENOMEM, also when the member is NULL. */
int rulejson_put(json_t *object, const char *key, json_t *member);
int rulejson_add(json_t *array, json_t *member);

#endif
