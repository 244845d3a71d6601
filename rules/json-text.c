/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts, numbers and places: what JSON and a ruleset see differently. */
#include "rules/json.h"

#include "rules/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LATIN1 "latin1"

/* ---- out ---- */

int rulejson_put(json_t *object, const char *key, json_t *member)
{
	return member && json_object_set_new(object, key, member) == 0 ? 0 : -ENOMEM;
}

int rulejson_add(json_t *array, json_t *member)
{
	return member && json_array_append_new(array, member) == 0 ? 0 : -ENOMEM;
}

static json_t *latin1_text(const char *text)
{
	size_t len = strlen(text);
	char *wide = malloc(len * 2 + 1), *at = wide;
	json_t *json;

	if (!wide)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte >= 0x80)
			*at++ = (char)(0xc0 | byte >> 6);
		*at++ = byte < 0x80 ? (char)byte : (char)(0x80 | (byte & 0x3f));
	}
	*at = '\0';
	json = json_pack("{s:s}", LATIN1, wide);
	free(wide);
	return json;
}

json_t *rulejson_text(const char *text)
{
	json_t *json;

	errno = 0;
	json = json_string(text);
	return json || errno == ENOMEM ? json : latin1_text(text);
}

json_t *rulejson_number(uint64_t number)
{
	char digits[24];

	if (number <= INT64_MAX)
		return json_integer((json_int_t)number);
	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	return json_string(digits);
}

/* ---- errors ---- */

static void add_place(struct text *text, const struct rulejson_place *place)
{
	if (!place)
		return;
	add_place(text, place->parent);
	if (place->key)
		text_printf(text, "%s%s", text->len ? "." : "", place->key);
	else
		text_printf(text, "[%zu]", place->index);
}

/* Parts of what was read stand in the text as they are. */
static void make_line(struct nfv_rules_error *error)
{
	for (char *c = error ? error->text : NULL; c && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

int rulejson_fail(struct nfv_rules_error *error, const struct rulejson_place *place, const char *format, ...)
{
	struct text text = { 0 };
	char cause[sizeof(error->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(cause, sizeof(cause), format, args);
	va_end(args);
	add_place(&text, place);
	if (text.len && !text.failed)
		text_printf(&text, ": ");
	text_printf(&text, "%s", cause);
	error_set(error, -EINVAL, "%s", text.failed ? cause : text.data);
	text_free(&text);
	make_line(error);
	return -EINVAL;
}

int rulejson_fail_memory(struct nfv_rules_error *error)
{
	return error_set(error, -ENOMEM, "out of memory");
}

/* ---- in ---- */

/* Two bytes of UTF-8 at most: what latin1_text() makes. */
static bool narrow(char *text, const char *wide)
{
	for (; *wide; wide++) {
		unsigned char byte = (unsigned char)*wide;

		if (byte >= 0xc4)
			return false;
		if (byte >= 0x80)
			byte = (unsigned char)(byte << 6 | ((unsigned char)*++wide & 0x3f));
		*text++ = (char)byte;
	}
	*text = '\0';
	return true;
}

int rulejson_get_text(const json_t *json, const struct rulejson_place *place, char **text, struct nfv_rules_error *error)
{
	const json_t *wide = json_object_size(json) == 1 ? json_object_get(json, LATIN1) : NULL;

	*text = NULL;
	if (json_is_string(json))
		*text = strdup(json_string_value(json));
	else if (json_is_string(wide))
		*text = malloc(json_string_length(wide) + 1);
	else
		return rulejson_fail(error, place, "should be a string");
	if (!*text)
		return rulejson_fail_memory(error);
	if (wide && !narrow(*text, json_string_value(wide))) {
		free(*text);
		*text = NULL;
		return rulejson_fail(error, place, "\"" LATIN1 "\" holds a character above U+00FF");
	}
	return 0;
}

int rulejson_get_full_text(const json_t *json, const struct rulejson_place *place, json_t **full,
			   struct nfv_rules_error *error)
{
	char *text;
	int err = rulejson_get_text(json, place, &text, error);

	if (err)
		return err;
	*full = rulejson_text(text);
	free(text);
	return *full ? 0 : rulejson_fail_memory(error);
}

int rulejson_get_number(const json_t *json, const struct rulejson_place *place, uint64_t *number,
			struct nfv_rules_error *error)
{
	const char *digits = json_string_value(json);
	char *end;

	if (json_is_integer(json) && json_integer_value(json) >= 0) {
		*number = (uint64_t)json_integer_value(json);
		return 0;
	}
	if (!digits || *digits < '0' || *digits > '9')
		return rulejson_fail(error, place, "should be a number from 0 on");
	errno = 0;
	*number = strtoull(digits, &end, 10);
	return errno || *end ? rulejson_fail(error, place, "should be a number below 2^64") : 0;
}

int rulejson_get_bool(const json_t *json, const struct rulejson_place *place, bool *value, struct nfv_rules_error *error)
{
	if (!json_is_boolean(json))
		return rulejson_fail(error, place, "should be true or false");
	*value = json_is_true(json);
	return 0;
}

/* ---- the text of JSON itself ---- */

static void fail_syntax(const char *text, size_t len, const char *file, const json_error_t *cause,
			struct nfv_rules_error *error)
{
	size_t at = cause->position > 0 ? (size_t)cause->position : 0, begin, end;

	error_set(error, -EINVAL, "not JSON: %s", cause->text);
	make_line(error);
	error_place(error, file, cause->line > 0 ? (unsigned)cause->line : 0,
		    cause->column > 0 ? (unsigned)cause->column : 0);
	at = at > len ? len : at;
	for (begin = at; begin > 0 && text[begin - 1] != '\n';)
		begin--;
	for (end = at; end < len && text[end] != '\n';)
		end++;
	error_show(error, text + begin, end - begin, (unsigned)(at - begin) + (at == begin));
}

json_t *rulejson_load(const char *text, size_t len, const char *file, size_t flags, struct nfv_rules_error *error)
{
	json_error_t cause;
	json_t *json;

	if (len > RULEJSON_LEN_MAX) {
		error_set(error, -E2BIG, "longer than %zu bytes", RULEJSON_LEN_MAX);
		error_place(error, file, 0, 0);
		errno = E2BIG;
		return NULL;
	}
	errno = 0;
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES | flags, &cause);
	if (json)
		return json;
	/* jansson does not always say that it was the memory. */
	if (errno == ENOMEM || json_error_code(&cause) == json_error_out_of_memory) {
		rulejson_fail_memory(error);
		errno = ENOMEM;
		return NULL;
	}
	fail_syntax(text, len, file, &cause, error);
	errno = EINVAL;
	return NULL;
}
