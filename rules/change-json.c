/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * {"version": 1, "parts": [{"family": 4, "table": "filter", "generation": "17", "forward": TEXT, "back": TEXT,
 *   "edits": [1, 1], "chains": [{"name": TEXT, "was": true, "is": true, "watched": false, "before": "9f…",
 *     "after": "03…", "rules": "5a…", "ranges": [[AT, COUNT, LOOSE], …]}, …]}, …]}
 *
 * TEXT is a string or, when its bytes are not UTF-8, {"bytes": string}, each of whose characters is one byte. Hashes and
 * generations are strings, because numbers of JSON end at 63 bits. "rules" has 8 digits for each rule before.
 */
#include "rules/change.h"

#include "rules/error.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 1

/* ---- out ---- */

static json_t *bytes_out(const char *bytes, size_t len)
{
	struct text text = { 0 };
	json_t *json = NULL;

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)bytes[i];
		char pair[2] = { (char)(0xc0 | byte >> 6), (char)(0x80 | (byte & 0x3f)) };

		if (byte < 0x80)
			text_add(&text, &bytes[i], 1);
		else
			text_add(&text, pair, 2);
	}
	if (!text.failed)
		json = json_pack("{s:s#}", "bytes", text.data ? text.data : "", (int)text.len);
	text_free(&text);
	return json;
}

static json_t *text_out(const char *bytes, size_t len)
{
	json_t *json = json_stringn(bytes ? bytes : "", len);

	return json ? json : bytes_out(bytes, len);
}

static json_t *hash_out(uint64_t hash)
{
	return json_sprintf("%016" PRIx64, hash);
}

static json_t *ranges_out(const struct script_expect *expect)
{
	json_t *ranges = json_array();

	for (size_t i = 0; ranges && i < expect->count; i++) {
		const struct script_range *range = &expect->ranges[i];
		json_t *one = json_pack("[I,I,b]", (json_int_t)range->at, (json_int_t)range->count, range->loose);

		if (json_array_append_new(ranges, one)) {
			json_decref(ranges);
			return NULL;
		}
	}
	return ranges;
}

static json_t *rules_out(const struct change_chain *chain)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(chain->rule_count * 8 + 1), *at = text;
	json_t *json;

	if (!text)
		return NULL;
	for (size_t i = 0; i < chain->rule_count; i++)
		for (int shift = 28; shift >= 0; shift -= 4)
			*at++ = digits[chain->rules[i] >> shift & 15];
	json = json_stringn(text, (size_t)(at - text));
	free(text);
	return json;
}

static json_t *chain_out(const struct change_chain *chain)
{
	return json_pack("{s:o,s:b,s:b,s:b,s:o,s:o,s:o,s:o}", "name", text_out(chain->name, strlen(chain->name)), "was",
			 chain->was, "is", chain->is, "watched", chain->watched, "before", hash_out(chain->before), "after",
			 hash_out(chain->after.hash), "rules", rules_out(chain), "ranges", ranges_out(&chain->after));
}

static json_t *part_out(const struct change_part *part)
{
	json_t *chains = json_array();

	for (size_t i = 0; chains && i < part->chain_count; i++) {
		if (json_array_append_new(chains, chain_out(&part->chains[i]))) {
			json_decref(chains);
			return NULL;
		}
	}
	return json_pack("{s:i,s:s,s:o,s:o,s:o,s:[I,I],s:o}", "family", part->family == NFV_FAMILY_IPV6 ? 6 : 4, "table",
			 part->table, "generation", json_sprintf("%" PRIu64, part->generation), "forward",
			 text_out(part->forward.text.data, part->forward.text.len), "back",
			 text_out(part->back.text.data, part->back.text.len), "edits", (json_int_t)part->forward.edits,
			 (json_int_t)part->back.edits, "chains", chains);
}

json_t *change_to_json(const struct change *change)
{
	json_t *parts = json_array();

	for (size_t i = 0; parts && i < change->count; i++) {
		if (json_array_append_new(parts, part_out(&change->parts[i]))) {
			json_decref(parts);
			return NULL;
		}
	}
	return json_pack("{s:i,s:o}", "version", VERSION, "parts", parts);
}

/* ---- in: values ---- */

static int wrong(struct nfv_rules_error *error, const char *what)
{
	return error_set(error, -EINVAL, "not a change: %s", what);
}

static int no_memory(struct nfv_rules_error *error)
{
	return error_set(error, -ENOMEM, "no memory");
}

/* Characters back to bytes. False: one is beyond U+00FF. */
static bool bytes_in(struct text *text, const char *chars, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)chars[i];
		char byte = chars[i];

		if (c >= 0x80) {
			if ((c != 0xc2 && c != 0xc3) || i + 1 == len)
				return false;
			byte = (char)((c & 3) << 6 | ((unsigned char)chars[++i] & 0x3f));
		}
		text_add(text, &byte, 1);
	}
	return true;
}

/* Appends; *text is at least "". No NUL is let through. */
static int text_in(const json_t *object, const char *key, struct text *text, struct nfv_rules_error *error)
{
	const json_t *json = json_object_get(object, key), *bytes = json_object_get(json, "bytes");
	bool fine = true;

	text_add(text, "", 0);
	if (json_is_string(json))
		text_add(text, json_string_value(json), json_string_length(json));
	else if (json_is_string(bytes))
		fine = bytes_in(text, json_string_value(bytes), json_string_length(bytes));
	else
		fine = false;
	if (text->failed)
		return no_memory(error);
	return fine && !memchr(text->data, '\0', text->len) ? 0 : wrong(error, key);
}

static int name_in(const json_t *object, const char *key, char **name, struct nfv_rules_error *error)
{
	struct text text = { 0 };
	int err = text_in(object, key, &text, error);

	if (err || !text.len || strpbrk(text.data, " \n")) {
		text_free(&text);
		return err ? err : wrong(error, key);
	}
	*name = text.data;
	return 0;
}

static int number_in(const json_t *object, const char *key, int base, uint64_t *number, struct nfv_rules_error *error)
{
	const char *text = json_string_value(json_object_get(object, key));
	char *end;

	if (!text || !strchr("0123456789abcdef", *text) || !*text)
		return wrong(error, key);
	errno = 0;
	*number = strtoull(text, &end, base);
	return *end || errno ? wrong(error, key) : 0;
}

static int flag_in(const json_t *object, const char *key, bool *flag, struct nfv_rules_error *error)
{
	const json_t *json = json_object_get(object, key);

	*flag = json_is_true(json);
	return json_is_boolean(json) ? 0 : wrong(error, key);
}

/* ---- in: scripts ---- */

/* One table and its COMMIT, and between them nothing that would be another. *lines: how many there are. */
static int script_check(const struct text *text, const char *table, size_t *lines)
{
	const char *line = text->data, *end;
	size_t len = strlen(table);

	*lines = 0;
	if (!text->len)
		return 0;
	if (*line != '*' || strncmp(line + 1, table, len) != 0 || line[len + 1] != '\n')
		return -EINVAL;
	for (*lines = 1, line += len + 2; (end = strchr(line, '\n')); line = end + 1) {
		bool is_commit = !strncmp(line, "COMMIT", 6);

		++*lines;
		if (end - line > NFV_RULES_LINE_MAX || *line == '*' || is_commit != !end[1] ||
		    (is_commit && end != line + 6))
			return -EINVAL;
	}
	return *line || *lines < 2 ? -EINVAL : 0;
}

static int script_in(const json_t *object, const char *key, const char *table, struct script *script,
		     struct nfv_rules_error *error)
{
	int err = text_in(object, key, &script->text, error);

	if (err)
		return err;
	if (script_check(&script->text, table, &script->line_count))
		return wrong(error, key);
	script->lines = calloc(script->line_count + 1, sizeof(*script->lines));
	script->line_size = script->line_count + 1;
	return script->lines ? 0 : no_memory(error);
}

static int edits_in(const json_t *object, struct change_part *part, struct nfv_rules_error *error)
{
	const json_t *edits = json_object_get(object, "edits");
	json_int_t forward = json_integer_value(json_array_get(edits, 0)),
		   back = json_integer_value(json_array_get(edits, 1));

	if (json_array_size(edits) != 2 || forward < 0 || back < 0)
		return wrong(error, "edits");
	part->forward.edits = (size_t)forward;
	part->back.edits = (size_t)back;
	return 0;
}

/* ---- in: chains ---- */

static int range_in(const json_t *json, struct script_expect *expect, struct nfv_rules_error *error)
{
	const struct script_range *last = expect->count ? &expect->ranges[expect->count - 1] : NULL;
	const json_t *loose = json_array_get(json, 2);
	json_int_t at = json_integer_value(json_array_get(json, 0)), count = json_integer_value(json_array_get(json, 1));

	if (json_array_size(json) != 3 || !json_is_integer(json_array_get(json, 0)) || !json_is_boolean(loose) || at < 0 ||
	    at > UINT32_MAX || count < 1 || count > UINT32_MAX - at || (last && at < (json_int_t)last->at + last->count))
		return wrong(error, "ranges");
	if (grow((void **)&expect->ranges, expect->count, &expect->size, sizeof(*expect->ranges)))
		return no_memory(error);
	expect->ranges[expect->count++] = (struct script_range){ (uint32_t)at, (uint32_t)count, json_is_true(loose) };
	return 0;
}

static int rules_in(const json_t *object, struct change_chain *chain, struct nfv_rules_error *error)
{
	const json_t *json = json_object_get(object, "rules");
	const char *text = json_string_value(json);
	const size_t len = json_string_length(json);

	if (!text || len % 8 || strspn(text, "0123456789abcdef") != len)
		return wrong(error, "rules");
	chain->rules = calloc(len / 8 + 1, sizeof(*chain->rules));
	if (!chain->rules)
		return no_memory(error);
	for (size_t i = 0; i < len; i++)
		chain->rules[i / 8] = chain->rules[i / 8] << 4 | (uint32_t)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
	chain->rule_count = len / 8;
	return 0;
}

static int chain_in(const json_t *json, struct change_chain *chain, struct nfv_rules_error *error)
{
	const json_t *ranges = json_object_get(json, "ranges");
	int err = name_in(json, "name", &chain->name, error);

	if (!err)
		err = flag_in(json, "was", &chain->was, error);
	if (!err)
		err = flag_in(json, "is", &chain->is, error);
	if (!err)
		err = flag_in(json, "watched", &chain->watched, error);
	if (!err)
		err = number_in(json, "before", 16, &chain->before, error);
	if (!err)
		err = number_in(json, "after", 16, &chain->after.hash, error);
	if (!err)
		err = rules_in(json, chain, error);
	if (!err && !json_is_array(ranges))
		err = wrong(error, "ranges");
	for (size_t i = 0; i < json_array_size(ranges) && !err; i++)
		err = range_in(json_array_get(ranges, i), &chain->after, error);
	return err;
}

static int chains_in(const json_t *object, struct change_part *part, struct nfv_rules_error *error)
{
	const json_t *chains = json_object_get(object, "chains");
	int err = 0;

	if (!json_is_array(chains))
		return wrong(error, "chains");
	part->chains = calloc(json_array_size(chains) + 1, sizeof(*part->chains));
	if (!part->chains)
		return no_memory(error);
	for (size_t i = 0; i < json_array_size(chains) && !err; i++)
		err = chain_in(json_array_get(chains, i), &part->chains[part->chain_count++], error);
	return err;
}

/* ---- in: the whole ---- */

static int part_in(const json_t *json, struct change_part *part, struct nfv_rules_error *error)
{
	json_int_t family = json_integer_value(json_object_get(json, "family"));
	int err = name_in(json, "table", &part->table, error);

	if (!err && family != 4 && family != 6)
		err = wrong(error, "family");
	part->family = family == 6 ? NFV_FAMILY_IPV6 : NFV_FAMILY_IPV4;
	if (!err)
		err = number_in(json, "generation", 10, &part->generation, error);
	if (!err)
		err = script_in(json, "forward", part->table, &part->forward, error);
	if (!err)
		err = script_in(json, "back", part->table, &part->back, error);
	if (!err)
		err = edits_in(json, part, error);
	return err ? err : chains_in(json, part, error);
}

int change_from_json(struct change *change, const json_t *json, struct nfv_rules_error *error)
{
	const json_t *parts = json_object_get(json, "parts");
	int err = 0;

	*change = (struct change){ 0 };
	if (json_integer_value(json_object_get(json, "version")) != VERSION)
		return wrong(error, "version");
	if (!json_is_array(parts))
		return wrong(error, "parts");
	change->parts = calloc(json_array_size(parts) + 1, sizeof(*change->parts));
	if (!change->parts)
		return no_memory(error);
	for (size_t i = 0; i < json_array_size(parts) && !err; i++)
		err = part_in(json_array_get(parts, i), &change->parts[change->count++], error);
	if (err)
		change_free(change);
	return err;
}
