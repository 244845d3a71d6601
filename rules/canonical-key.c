/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules compared by their canonical texts. */
#include "rules/canonical.h"

#include "rules/model.h"

#include <errno.h>
#include <string.h>

/* The text of a rule that no view can be made of is its own canonical form. */
static bool key_text(const char *bytes, size_t len, enum nfv_family family, struct text *out)
{
	/* The view looks for extensions in the family of its rule. */
	struct nfv_rules rules = { .family = family };
	struct nfv_table table = { .rules = &rules };
	struct nfv_chain chain = { .table = &table };
	struct nfv_rule rule = { .chain = &chain };
	struct view *view;
	int err = view_parse(&view, &rule, bytes, len, NULL);

	if (err == -ENOMEM)
		return false;
	if (err) {
		text_add(out, bytes, len);
	} else {
		canonical_print_key(view, family, out);
		view_free(view);
	}
	return !out->failed;
}

/* Eight bytes at a time. */
static uint64_t hash_text(const struct text *text)
{
	const uint64_t prime = 0x9e3779b97f4a7c15u;
	uint64_t hash = text->len * prime, word;
	size_t at = 0;

	for (; at + sizeof(word) <= text->len; at += sizeof(word)) {
		memcpy(&word, text->data + at, sizeof(word));
		hash = (hash ^ word) * prime;
		hash ^= hash >> 29;
	}
	word = 0;
	if (at < text->len)
		memcpy(&word, text->data + at, text->len - at);
	hash = (hash ^ word) * prime;
	hash ^= hash >> 32;
	return hash ? hash : 1;
}

uint64_t canonical_key(const char *text, size_t len, enum nfv_family family)
{
	struct text form = { 0 };
	uint64_t key = key_text(text, len, family, &form) ? hash_text(&form) : 0;

	text_free(&form);
	return key;
}

bool canonical_equal(const char *a, size_t a_len, const char *b, size_t b_len, enum nfv_family family)
{
	struct text form_a = { 0 }, form_b = { 0 };
	bool equal;

	if (a_len == b_len && !memcmp(a, b, a_len))
		return true;
	equal = key_text(a, a_len, family, &form_a) && key_text(b, b_len, family, &form_b) && form_a.len == form_b.len &&
		(form_a.len == 0 || !memcmp(form_a.data, form_b.data, form_a.len));
	text_free(&form_a);
	text_free(&form_b);
	return equal;
}

uint64_t rule_key(const struct nfv_rule *rule)
{
	struct nfv_rule *kept = (struct nfv_rule *)(uintptr_t)rule;
	const struct spec *spec;

	if (rule->key)
		return rule->key;
	spec = rule_spec(rule);
	if (spec)
		kept->key = canonical_key(spec->bytes, spec->len, rule_family(rule));
	return rule->key;
}
