/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets and rules into JSON. A ruleset is laid out so that each rule is one line. */
#include "rules/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_bytes(const char *bytes, size_t len, void *text)
{
	text_add(text, bytes, len);
	return ((struct text *)text)->failed ? -1 : 0;
}

/* Adds the JSON of it, takes it. */
static void add_json(struct text *text, json_t *json)
{
	if (!json || json_dump_callback(json, add_bytes, text, JSON_ENCODE_ANY) != 0)
		text->failed = true;
	json_decref(json);
}

static void add_member(struct text *text, const char *before, const char *key, json_t *json)
{
	text_printf(text, "%s\"%s\": ", before, key);
	add_json(text, json);
}

static void add_rules(struct text *text, const struct nfv_chain *chain)
{
	text_printf(text, "\"rules\": [");
	for (size_t i = 0; i < chain->count && !text->failed; i++) {
		text_printf(text, "%s\n     ", i ? "," : "");
		add_json(text, rulejson_rule(chain->rules[i]));
	}
	text_printf(text, "%s]", chain->count ? "\n    " : "");
}

static void add_chain(struct text *text, const struct nfv_chain *chain)
{
	add_member(text, "   {", "name", rulejson_text(chain->name));
	if (chain->policy)
		add_member(text, ", ", "policy", rulejson_text(chain->policy));
	if (chain->policy || chain->packets || chain->bytes) {
		add_member(text, ", ", "packets", rulejson_number(chain->packets));
		add_member(text, ", ", "bytes", rulejson_number(chain->bytes));
	}
	if (!chain->declared)
		add_member(text, ", ", "declared", json_false());
	if (chain->note)
		add_member(text, ", ", "note", rulejson_text(chain->note));
	text_printf(text, ",\n    ");
	add_rules(text, chain);
	text_printf(text, "}");
}

static void add_table(struct text *text, const struct nfv_table *table)
{
	add_member(text, "  {", "name", rulejson_text(table->name));
	if (table->note)
		add_member(text, ", ", "note", rulejson_text(table->note));
	text_printf(text, ", \"chains\": [");
	for (size_t i = 0; i < table->count && !text->failed; i++) {
		text_printf(text, "%s\n", i ? "," : "");
		add_chain(text, table->chains[i]);
	}
	text_printf(text, "%s]}", table->count ? "\n  " : "");
}

static char *take(struct text *text, size_t *len)
{
	if (text->failed) {
		text_free(text);
		errno = ENOMEM;
		return NULL;
	}
	if (len)
		*len = text->len;
	return text->data;
}

char *nfv_rules_to_json(const struct nfv_rules *rules, size_t *len)
{
	struct text text = { 0 };

	text_printf(&text, "{\"family\": \"%s\", \"tables\": [", rules->family == NFV_FAMILY_IPV6 ? "ipv6" : "ipv4");
	for (size_t i = 0; i < rules->count && !text.failed; i++) {
		text_printf(&text, "%s\n", i ? "," : "");
		add_table(&text, rules->tables[i]);
	}
	text_printf(&text, "%s]}\n", rules->count ? "\n " : "");
	return take(&text, len);
}

char *nfv_rule_to_json(const struct nfv_rule *rule)
{
	struct text text = { 0 };

	add_json(&text, rulejson_rule(rule));
	return take(&text, NULL);
}
